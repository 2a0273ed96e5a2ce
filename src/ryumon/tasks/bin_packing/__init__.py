"""Online bin packing: which open bin should the next item go to?"""
