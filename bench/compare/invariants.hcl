# What the three invariants of threatcl's documentation say, for this model. The second is an error here, a warning there.
invariant "authenticated" {
  description = "A process in the public zone needs an implemented authentication control"
  target      = "process"
  when        = item.trust_zone == "Public"
  condition   = length([for c in tm.controls : c.name if c.implemented && length(regexall("authenti", lower(c.name))) > 0]) > 0
}

invariant "audit_log" {
  description = "An internet-facing system needs an audit log"
  target      = "threatmodel"
  when        = item.attributes.internet_facing
  condition   = length([for c in tm.controls : c.name if length(regexall("audit log", lower(c.name))) > 0]) > 0
}

invariant "implemented" {
  description = "Every threat needs a control that is implemented"
  target      = "threat"
  condition   = length([for c in item.controls : c.name if c.implemented]) > 0
}
