"""`mutate`'s operators behind a chat endpoint: what asks a model for an edit gets one, with no model.

Stateless: the program is read out of the prompt, and the answer is a function of the request. This is a process of its
own that only proposes; it holds no store, no key and no score.
"""
