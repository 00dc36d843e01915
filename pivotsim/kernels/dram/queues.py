"""Where the scheduler `in_order` keeps its requests: columns of a channel's queue.

Request i has the slot i modulo SLOTS; NEXT is the next request of the same bank. The row SLOTS + bank says which of a
bank's requests are the first and the last that are pending, and which command the first one asks for.
"""

Q_BANK, Q_ROW, Q_TRANSFER, Q_NEXT, Q_OPENED = 0, 1, 2, 3, 4
B_FIRST, B_LAST, B_ASKS, B_LATEST = 0, 1, 2, 3  # LATEST: the clock of a stretch's last access to the bank
NONE = -1
