"""Voting, pure: who votes, what must be reached, what was counted, and why the outcome is what it is.

``electorate``  voters, recused members, who may cast
``threshold``   the four-part threshold judged exactly, with every figure; what can still be reached
``motion``      votes for, against and abstained on one question
``election``    choosing up to n of several candidates
``counts``      counts recorded from paper or a show of hands, checked for consistency
"""
