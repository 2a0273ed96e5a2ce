"""Online bin packing of short streams: which open bin should the next item go to?"""
