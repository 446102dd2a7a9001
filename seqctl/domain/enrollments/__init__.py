"""What may happen to an enrollment, and what becomes of it: states, triggers, the tick's decisions.

When something is due is reckoned in `timing`; who may send how much stands in `sending`.
"""
