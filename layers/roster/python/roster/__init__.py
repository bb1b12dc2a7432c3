"""Everything the functions share: the words, the rules, the adapters and the use cases of a roster sync.

Levels, lowest first: words, pure rules, adapters, use cases, root. A module imports only levels below its
own; `runtime` is the one place where adapters are chosen and the environment is read.
"""
