"""What a mail that came in is: an answer, an absence, a failure, a wish to be left alone.

How it is taken apart stands in `mail/reading`; what follows from it in `service/reading`.
"""
