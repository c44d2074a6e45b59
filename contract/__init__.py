"""What a request and an answer look like, for every room that sends, checks or scores one.

Standard library only: the gateway imports it beside Flask, the handler carries it in the .mar.
"""
