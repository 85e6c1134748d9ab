# The same three rules over redan/threatmodel.yaml. "Implemented" is what the file can say: the control asks for evidence.
package main

controls[c.id] := c if some c in input.controls

answering contains id if {
    some t in input.threats
    some id in t.resolution.controls
}

implemented(id) if count(controls[id].evidence[_]) > 0

deny contains msg if {
    some t in input.threats
    not t.resolution.kind in {"control", "planned", "accepted", "eliminated"}
    msg := sprintf("threat %s has no resolution", [t.id])
}

deny_implemented contains msg if {
    some t in input.threats
    t.resolution.kind == "control"
    count([id | some id in t.resolution.controls; implemented(id)]) == 0
    msg := sprintf("threat %s has no control that is implemented", [t.id])
}

deny_authenticated contains msg if {
    input.profile.query_access
    count([id | some id in answering; controls[id].catalog == "I-REG"; implemented(id)]) == 0
    msg := "a system that answers queries needs an authentication control (I-REG)"
}

deny_audit_log contains msg if {
    input.profile.query_access
    count([id | some id in answering; controls[id].catalog == "I-LOG"]) == 0
    msg := "a system that answers queries needs an audit log (I-LOG)"
}
