"""Job-shop dispatching: which waiting operation should a machine take next?"""
