"""The rate budget: who may send when, so that no window ever holds more requests than the tenant allows.

A slot is charged when a request is sent and freed one window after its *answer*: the tenant counted the request at
some moment in between, so however late it arrived, the slot is not used again within a window of that moment. What is
decided stands in `budget`, where it is kept in the stores, who waits for whom in `ledger`.
"""
