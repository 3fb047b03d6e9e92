"""Whether a new model may take the place of the one that scores.

``contest.contest`` tries both on the newest rows and counts who would cross the High-Intent line, ``rule.decide`` says
what becomes of the new one. (This file imports neither: ``outcome`` and ``growth`` are read where no model is.)
"""
