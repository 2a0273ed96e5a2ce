"""Load balancing: which server should get the next job?"""
