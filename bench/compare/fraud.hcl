# The fraud example in threatcl's words: the same six threats and ten controls as redan/threatmodel.yaml beside this file.
spec_version = "0.6.0"

threatmodel "Card fraud scoring" {
  author      = "r.okafor"
  description = "Scores card transactions for merchants; retrained every night"

  attributes {
    new_initiative  = false
    internet_facing = true
    initiative_size = "Medium"
  }

  information_asset "model" {
    description                = "The boosted model in the registry; its decision boundary"
    information_classification = "Restricted"
  }

  threat "Boundary mapping" {
    description = "A ring with real merchant accounts trains a surrogate on the answers"
    impacts     = ["Integrity"]
    risk {
      likelihood = "high"
      impact     = "high"
      severity   = "critical"
    }
    control "Labels only" {
      implemented = true
      description = "Answers carry a label and no score"
    }
    control "Extraction monitor" {
      implemented = true
      description = "Raises an alert before 3,000 queries of one caller"
    }
    control "Mutual TLS authentication" {
      implemented = true
      description = "Every caller has a certificate of ours"
    }
    control "Audit log" {
      implemented = true
      description = "Caller, model digest and decision of every request"
    }
  }

  threat "Label gaming" {
    description = "Labels are bent through disputes"
    impacts     = ["Integrity"]
    risk {
      likelihood = "high"
      impact     = "high"
      severity   = "medium"
    }
    control "Dataset held" {
      implemented = true
      description = "The training table is pinned by digest and signed by its steward"
    }
  }

  threat "Theft of training data" {
    description = "Transactions are copied out of the training environment"
    impacts     = ["Confidentiality"]
    risk {
      likelihood = "high"
      impact     = "high"
      severity   = "high"
    }
    control "Data access" {
      implemented = true
      description = "Nobody outside the pipeline can read the table"
    }
  }

  threat "Model swap" {
    description = "The model file is replaced before it is loaded"
    impacts     = ["Integrity"]
    risk {
      likelihood = "high"
      impact     = "high"
      severity   = "high"
    }
    control "Model held" {
      implemented = true
      description = "The file is pinned by digest"
    }
    control "Verify on load" {
      implemented = true
      description = "A damaged file is not served"
    }
  }

  threat "Membership inference" {
    description = "A caller learns whose transactions were trained on"
    impacts     = ["Confidentiality"]
    risk {
      likelihood = "high"
      impact     = "high"
      severity   = "medium"
    }
    control "Membership test" {
      implemented = true
      description = "An attack on the released model guesses no better than chance"
    }
  }

  threat "Slow drift" {
    description = "A patient ring shapes the confirmed outcomes"
    impacts     = ["Integrity"]
    risk {
      likelihood = "high"
      impact     = "high"
      severity   = "medium"
    }
    control "Drift monitor" {
      implemented = true
      description = "Inputs and outputs against a frozen baseline"
    }
  }

  data_flow_diagram_v2 "service" {
    external_element "Merchant" {}
    process "Scoring" {
      trust_zone = "Public"
    }
    data_store "Registry" {
      information_asset = "model"
    }
    flow "https" {
      from = "Merchant"
      to   = "Scoring"
    }
    flow "load" {
      from = "Registry"
      to   = "Scoring"
    }
  }
}
