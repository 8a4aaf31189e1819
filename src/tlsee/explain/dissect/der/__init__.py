"""DER down to its last element: what ASN.1 modules call the parts of certificates and responses.

The names are in small tables here because no library gives what is needed, the place of each
element in the bytes: those for ASN.1 give values, and stop at the first one they dislike.
"""
