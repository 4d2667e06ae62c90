"""Extensions: more time, asked for before the deadline, decided by a supervisor."""
