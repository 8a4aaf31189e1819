"""``tlsee serve --live``: a page on the loopback that shows connections while they happen.

``board`` keeps the connections, within bounds; ``rows`` reads what is to be said of one out of its
recording; ``markup`` makes it a page; ``app`` answers requests; ``web`` is the listener and its
thread. The threads that serve TLS only ever note that something changed. Whatever costs time is
done for somebody who watches, when that somebody is ready for it.
"""
