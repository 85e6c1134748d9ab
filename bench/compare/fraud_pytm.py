"""The fraud example in pytm's words: run it with --json FILE and pytm lists the threats of its own library that apply."""
from pytm import TM, Actor, Boundary, Dataflow, Datastore, Server

tm = TM("Card fraud scoring")
tm.description = "Scores card transactions for merchants; retrained every night"
tm.isOrdered = True

public = Boundary("Public")
merchant = Actor("Merchant")
merchant.inBoundary = public

scoring = Server("Scoring")
scoring.controls.authenticatesSource = True # mutual TLS authentication
scoring.controls.hasAccessControl = True
scoring.controls.sanitizesInput = True
scoring.controls.validatesInput = True

registry = Datastore("Registry")
registry.controls.hasAccessControl = True

ask = Dataflow(merchant, scoring, "transaction")
ask.protocol = "HTTPS"
load = Dataflow(registry, scoring, "model file")

if __name__ == "__main__":
    tm.process()
