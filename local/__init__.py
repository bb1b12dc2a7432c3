"""Runs the whole system on one machine, from infra/template.yaml and nothing else.

There is no second description of the system here: what the template says is what runs. Ships nothing to AWS.
Start at stack.py; README-level facts on what an emulator cannot prove are in each module's docstring.
"""
