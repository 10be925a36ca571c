"""Recovery: after a restore from a backup, find the hand-overs that the database has forgotten; repeat none blindly.

    compare the journal → refuse claims → write the hand-overs back, erase again → the operator releases

It may import every other package of the engine. See docs/decisions/0034 and docs/production.md.
"""
