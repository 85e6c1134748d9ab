# As much as a policy can ask of the records: each query has one, about the released digest, fresh, and inside its upper bounds.
# It runs with --combine over the threat model and the evidence folder; data.now is the time, in seconds. No function of the language
# verifies a record's signature, so that it believes what the record says.
package main

model := f.contents if {
    some f in input
    f.contents.schema == "redan/1"
}

statements contains json.unmarshal(base64.decode(f.contents.payload)) if {
    some f in input
    f.contents.payload
}

seconds := {"h": 3600, "d": 86400}

fresh(query, record) if query.fresh == "release"

fresh(query, record) if {
    count_of := to_number(substring(query.fresh, 0, count(query.fresh) - 1))
    unit := seconds[substring(query.fresh, count(query.fresh) - 1, 1)]
    data.now - (time.parse_rfc3339_ns(record.time) / 1000000000) <= count_of * unit
}

about_release(query, statement) if not query.subject

about_release(query, statement) if {
    name := trim_prefix(query.subject, "release.")
    some subject in statement.subject
    sprintf("sha256:%s", [subject.digest.sha256]) == model.release[name]
}

upper(observed, field) := observed[field] if is_number(observed[field])

upper(observed, field) := observed[field].high if is_object(observed[field])

within(query, observed) if {
    every field, bound in {f: b["<="] | some f, b in query.expect} {
        upper(observed, field) <= bound
    }
}

proved(control, query) if {
    some s in statements
    record := object.get(s.predicate, "record", {})
    record.system == model.id
    record.control == control.id
    record.evidence == query.id
    about_release(query, s)
    fresh(query, record)
    within(query, object.get(s.predicate, "observed", {}))
}

deny contains msg if {
    some control in model.controls
    some query in control.evidence
    not proved(control, query)
    msg := sprintf("no proof of %s/%s", [control.id, query.id])
}
