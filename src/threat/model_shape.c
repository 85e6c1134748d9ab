/* What a threat model may say, field by field. */
#include "threat/model_shape.h"

const char *const redan_resolution_words[] = {"control", "planned", "accepted", "eliminated", NULL};

#define AT(type, field) offsetof(struct type, field)

static const struct redan_bind_field interim_fields[] = {
    {"controls", REDAN_BIND_TEXTS, true, AT(redan_interim, controls), NULL, NULL,
     "what holds until then, controls: []"},
    {"residual", REDAN_BIND_WORD, true, AT(redan_interim, residual), NULL, redan_severity_words,
     "the risk that remains until then: low, medium, high or critical"},
};
static const struct redan_bind_shape interim_shape = {"an interim", sizeof(struct redan_interim),
                                                      AT(redan_interim, node), interim_fields,
                                                      REDAN_COUNT(interim_fields)};

static const struct redan_bind_field resolution_fields[] = {
    {"kind", REDAN_BIND_WORD, true, AT(redan_resolution, kind), NULL, redan_resolution_words,
     "control, planned, accepted or eliminated"},
    {"controls", REDAN_BIND_TEXTS, false, AT(redan_resolution, controls), NULL, NULL,
     "ids of controls, [label-only, query-budget]"},
    {"cycle", REDAN_BIND_TEXT, false, AT(redan_resolution, cycle), NULL, NULL,
     "the delivery cycle, 2026Q4"},
    {"residual", REDAN_BIND_WORD, false, AT(redan_resolution, residual), NULL, redan_severity_words,
     "low, medium, high or critical"},
    {"owner", REDAN_BIND_TEXT, false, AT(redan_resolution, owner), NULL, NULL,
     "the person who does it"},
    {"ticket", REDAN_BIND_TEXT, false, AT(redan_resolution, ticket), NULL, NULL,
     "where the work is tracked"},
    {"opened", REDAN_BIND_DATE, false, AT(redan_resolution, opened), NULL, NULL,
     "a date, 2026-11-24"},
    {"due", REDAN_BIND_DATE, false, AT(redan_resolution, due), NULL, NULL, "a date, 2027-02-26"},
    {"redates", REDAN_BIND_TEXTS, false, AT(redan_resolution, redates), NULL, NULL,
     "the due dates that slipped, [2026-12-01]"},
    {"interim", REDAN_BIND_STRUCT, false, AT(redan_resolution, interim), &interim_shape, NULL,
     "what holds until then, {controls: [], residual: high}"},
    {"body", REDAN_BIND_ID, false, AT(redan_resolution, body), NULL, NULL,
     "the role that accepts, risk-board"},
    {"reason", REDAN_BIND_TEXT, false, AT(redan_resolution, reason), NULL, NULL,
     "why the risk is carried"},
    {"expires", REDAN_BIND_DATE, false, AT(redan_resolution, expires), NULL, NULL,
     "a date, 2027-05-31"},
    {"conditions", REDAN_BIND_TEXTS, false, AT(redan_resolution, conditions), NULL, NULL,
     "controls whose proof it stands on"},
    {"relies-on", REDAN_BIND_TEXTS, false, AT(redan_resolution, relies_on), NULL, NULL,
     "controls or threats it relies on"},
    {"change", REDAN_BIND_TEXT, false, AT(redan_resolution, change), NULL, NULL,
     "the design change, git:7f3c9a1"},
    {"absent", REDAN_BIND_TEXTS, false, AT(redan_resolution, absent), NULL, NULL,
     "controls that prove the surface is gone"},
};
static const struct redan_bind_shape resolution_shape = {
    "a resolution", sizeof(struct redan_resolution), AT(redan_resolution, node), resolution_fields,
    REDAN_COUNT(resolution_fields)};

static const struct redan_bind_field threat_fields[] = {
    {"id", REDAN_BIND_ID, true, AT(redan_threat, id), NULL, NULL,
     "a short id that is never reused, boundary-mapping"},
    {"archetype", REDAN_BIND_ID, false, AT(redan_threat, archetype), NULL, NULL,
     "an id of the catalogue, IN-02"},
    {"name", REDAN_BIND_TEXT, false, AT(redan_threat, name), NULL, NULL, "a name"},
    {"stage", REDAN_BIND_WORD, false, AT(redan_threat, stage), NULL, redan_stage_words,
     "data, training, storage, inference or evolution"},
    {"severity", REDAN_BIND_WORD, true, AT(redan_threat, severity), NULL, redan_severity_words,
     "low, medium, high or critical"},
    {"story", REDAN_BIND_TEXT, false, AT(redan_threat, story), NULL, NULL,
     "who does what, in one or two sentences"},
    {"targets", REDAN_BIND_TEXTS, false, AT(redan_threat, targets), NULL, NULL, "assets"},
    {"touches", REDAN_BIND_TEXTS, false, AT(redan_threat, touches), NULL, NULL,
     "paths of the repository, [serving/**]"},
    {"review-by", REDAN_BIND_DATE, false, AT(redan_threat, review_by), NULL, NULL,
     "a date, 2027-01-15"},
    {"resolution", REDAN_BIND_STRUCT, true, AT(redan_threat, resolution), &resolution_shape, NULL,
     "exactly one of control, planned, accepted, eliminated"},
};
static const struct redan_bind_shape threat_shape = {"a threat", sizeof(struct redan_threat),
                                                     AT(redan_threat, node), threat_fields,
                                                     REDAN_COUNT(threat_fields)};

static const struct redan_bind_field exclusion_fields[] = {
    {"archetype", REDAN_BIND_ID, true, AT(redan_exclusion, archetype), NULL, NULL,
     "an id of the catalogue, DC-08"},
    {"reason", REDAN_BIND_TEXT, true, AT(redan_exclusion, reason), NULL, NULL,
     "why it cannot happen here"},
    {"by", REDAN_BIND_TEXT, true, AT(redan_exclusion, by), NULL, NULL, "who ruled it out"},
    {"expires", REDAN_BIND_DATE, false, AT(redan_exclusion, expires), NULL, NULL,
     "a date, 2027-05-31"},
};
static const struct redan_bind_shape exclusion_shape = {
    "an exclusion", sizeof(struct redan_exclusion), AT(redan_exclusion, node), exclusion_fields,
    REDAN_COUNT(exclusion_fields)};

static const struct redan_bind_field exception_fields[] = {
    {"control", REDAN_BIND_ID, true, AT(redan_exception, control), NULL, NULL,
     "a control of the organisation that this system defines anew, S-ACL"},
    {"reason", REDAN_BIND_TEXT, true, AT(redan_exception, reason), NULL, NULL,
     "why it must be looser here"},
    {"owner", REDAN_BIND_TEXT, true, AT(redan_exception, owner), NULL, NULL,
     "the person who answers for it"},
    {"expires", REDAN_BIND_DATE, true, AT(redan_exception, expires), NULL, NULL,
     "a date, 2027-05-31"},
};
static const struct redan_bind_shape exception_shape = {
    "an exception", sizeof(struct redan_exception), AT(redan_exception, node), exception_fields,
    REDAN_COUNT(exception_fields)};

static const struct redan_bind_field owners_fields[] = {
    {"ml-lead", REDAN_BIND_ID, true, AT(redan_owners, ml_lead), NULL, NULL, "a person"},
    {"security-lead", REDAN_BIND_ID, true, AT(redan_owners, security_lead), NULL, NULL, "a person"},
    {"product", REDAN_BIND_TEXT, false, AT(redan_owners, product), NULL, NULL, "a product"},
};
static const struct redan_bind_shape owners_shape = {
    "the owners", sizeof(struct redan_owners), SIZE_MAX, owners_fields, REDAN_COUNT(owners_fields)};

static const struct redan_bind_field stride_fields[] = {
    {"format", REDAN_BIND_TEXT, true, AT(redan_stride, format), NULL, NULL, "threat-dragon"},
    {"file", REDAN_BIND_TEXT, true, AT(redan_stride, file), NULL, NULL,
     "a path below the folder of the threat model"},
    {"covers", REDAN_BIND_TEXTS, false, AT(redan_stride, covers), NULL, NULL, "what it covers"},
};
static const struct redan_bind_shape stride_shape = {"extends-stride", sizeof(struct redan_stride),
                                                     AT(redan_stride, node), stride_fields,
                                                     REDAN_COUNT(stride_fields)};

#define STAGE(name, i)                                                            \
    {                                                                             \
        name, REDAN_BIND_NODE, false, AT(redan_stages, cells[i]), NULL, NULL,     \
            "one to three sentences, or {assets, adversaries, vectors, controls}" \
    }
static const struct redan_bind_field stages_fields[] = {
    STAGE("data", 0),      STAGE("training", 1),  STAGE("storage", 2),
    STAGE("inference", 3), STAGE("evolution", 4),
};
static const struct redan_bind_shape stages_shape = {
    "the stages", sizeof(struct redan_stages), SIZE_MAX, stages_fields, REDAN_COUNT(stages_fields)};

static const struct redan_bind_field model_fields[] = {
    {"schema", REDAN_BIND_TEXT, true, AT(redan_threat_model, schema), NULL, NULL, "redan/1"},
    {"id", REDAN_BIND_ID, true, AT(redan_threat_model, id), NULL, NULL, "the system's id"},
    {"name", REDAN_BIND_TEXT, false, AT(redan_threat_model, name), NULL, NULL, "the system's name"},
    {"inherits", REDAN_BIND_TEXTS, false, AT(redan_threat_model, inherits), NULL, NULL,
     "organisations, [examplebank]"},
    {"extends-stride", REDAN_BIND_STRUCT, false, AT(redan_threat_model, stride), &stride_shape,
     NULL, "{format: threat-dragon, file: dfd/api.json}"},
    {"owners", REDAN_BIND_STRUCT, true, AT(redan_threat_model, owners), &owners_shape, NULL,
     "{ml-lead: PERSON, security-lead: PERSON}"},
    {"profile", REDAN_BIND_NODE, true, AT(redan_threat_model, profile), NULL, NULL,
     "what the system is, {kind: [predictive], trains: true}"},
    {"release", REDAN_BIND_NODE, true, AT(redan_threat_model, release_node), NULL, NULL,
     "digests, {model: \"sha256:...\"}; redan release pin NAME=PATH writes them"},
    {"stages", REDAN_BIND_STRUCT, false, AT(redan_threat_model, stages), &stages_shape, NULL,
     "the one page"},
    {"threats", REDAN_BIND_LIST, true, AT(redan_threat_model, threats), &threat_shape, NULL,
     "a list of threats"},
    {"controls", REDAN_BIND_LIST, false, AT(redan_threat_model, controls), &redan_control_shape,
     NULL, "a list of controls"},
    {"excluded", REDAN_BIND_LIST, false, AT(redan_threat_model, exclusions), &exclusion_shape, NULL,
     "archetypes ruled out"},
    {"exceptions", REDAN_BIND_LIST, false, AT(redan_threat_model, exceptions), &exception_shape,
     NULL, "controls of the organisation that are looser here"},
    {"annotations", REDAN_BIND_NODE, false, AT(redan_threat_model, annotations), NULL, NULL,
     "anything; it is not signed"},
};
const struct redan_bind_shape redan_threat_model_shape = {
    "a threat model", sizeof(struct redan_threat_model), AT(redan_threat_model, root_node),
    model_fields, REDAN_COUNT(model_fields)};
