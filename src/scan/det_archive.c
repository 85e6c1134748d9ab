/* Archives: what one reader sees in them and another does not, and members that would be written or led outside. */
#include <string.h>
#include <strings.h>

#include "scan/detector_table.h"

static const char *const conflict_maps[] = {"atlas:2026.09/AML.T0074", "cwe:4.18/CWE-436", NULL};
static const char *const climb_maps[] = {"atlas:2026.09/AML.T0011.000", "cwe:4.18/CWE-22", NULL};
static const char *const link_maps[] = {"atlas:2026.09/AML.T0011.000", "cwe:4.18/CWE-59", NULL};
static const char *const bomb_maps[] = {"atlas:2026.09/AML.T0076", "cwe:4.18/CWE-409", NULL};
static const char *const damage_maps[] = {"atlas:2026.09/AML.T0076", "cwe:4.18/CWE-354", NULL};

static const char *const name_cves[] = {"CVE-2025-1944", NULL};
static const char *const flag_cves[] = {"CVE-2025-1945", NULL};
static const char *const crc_cves[] = {"CVE-2025-10156", NULL};

#define CONFLICT_HELP                                                                            \
    "do not load it; unpack it in a safe place, look at every member, and save the model again " \
    "with the library it is for"
#define CONFLICT_WHY                                                                            \
    "A scanner that believes one of the two passes over what the loader reads. Libraries that " \
    "write models never write such a contradiction."

static const struct redan_scan_rule names = {
    .card = {"ARC101", "the archive gives a member two names", REDAN_SEVERITY_HIGH, conflict_maps,
             CONFLICT_HELP},
    .why = CONFLICT_WHY,
    .cves = name_cves,
};
static const struct redan_scan_rule flags = {
    .card = {"ARC102", "a member is said to be encrypted or patched and is not",
             REDAN_SEVERITY_HIGH, conflict_maps, CONFLICT_HELP},
    .why = CONFLICT_WHY,
    .cves = flag_cves,
};
static const struct redan_scan_rule checksum = {
    .card = {"ARC103", "a member's checksum is wrong", REDAN_SEVERITY_MEDIUM, damage_maps,
             "get the file again from its source; if it stays so, do not load it"},
    .why = "Either the bytes changed after they were packed, or the checksum is wrong on purpose: "
           "tools that check it stop there, and loaders that do not load the member all the same.",
    .cves = crc_cves,
};
static const struct redan_scan_rule sizes = {
    .card = {"ARC104", "the archive contradicts itself about a member", REDAN_SEVERITY_HIGH,
             conflict_maps, CONFLICT_HELP},
    .why = CONFLICT_WHY,
};
static const struct redan_scan_rule hidden = {
    .card = {"ARC105", "the archive holds a member that its directory does not list",
             REDAN_SEVERITY_HIGH, conflict_maps, CONFLICT_HELP},
    .why = "Programs that read the archive from its start see the member, those that use the "
           "directory do not. "
           "Libraries that write models leave none behind.",
};
static const struct redan_scan_rule directories = {
    .card = {"ARC106", "the archive has more than one table of contents, or a wrong one",
             REDAN_SEVERITY_HIGH, conflict_maps, CONFLICT_HELP},
    .why = CONFLICT_WHY,
};
static const struct redan_scan_rule duplicates = {
    .card = {"ARC107", "two members of the archive have one name and different bytes",
             REDAN_SEVERITY_HIGH, conflict_maps, CONFLICT_HELP},
    .why = "Some readers take the first, others the last, and some do not mind upper and lower "
           "case: what was "
           "checked need not be what is loaded.",
};
static const struct redan_scan_rule overlap = {
    .card = {"ARC108", "members of the archive lie over each other", REDAN_SEVERITY_HIGH, bomb_maps,
             "do not unpack it"},
    .why = "Bytes that count for several members are how a small archive becomes a very large "
           "one, or how one "
           "member is hidden in another.",
};
static const struct redan_scan_rule strange = {
    .card = {"ARC109", "the archive has bytes that belong to no member", REDAN_SEVERITY_HIGH,
             conflict_maps, CONFLICT_HELP},
    .why = "A second file can stand before, between or behind the members, and a program that "
           "looks there opens "
           "that one instead.",
};
static const struct redan_scan_rule climbs = {
    .card = {"ARC110", "a member would be written outside of the folder it is unpacked to",
             REDAN_SEVERITY_CRITICAL, climb_maps, "do not unpack it; tell whoever gave it to you"},
    .why = "Unpacking such a member overwrites any file of the user: a start-up script, a "
           "library, a key. "
           "Some formats are unpacked whenever they are loaded.",
};
static const struct redan_scan_rule links = {
    .card = {"ARC111", "a link in the archive leads outside of the folder it is unpacked to",
             REDAN_SEVERITY_HIGH, link_maps, "do not unpack it; tell whoever gave it to you"},
    .why = "What is written to the link afterwards lands where it points, and what is read from "
           "it comes from there.",
};
static const struct redan_scan_rule odd = {
    .card = {"ARC112", "a member's name is made to be read in two ways", REDAN_SEVERITY_HIGH,
             conflict_maps, CONFLICT_HELP},
    .why = "A name that ends early for one reader, or that a terminal does not show, is another "
           "name for the next.",
};
static const struct redan_scan_rule bomb = {
    .card = {"ARC113", "the file unpacks to far more than its size", REDAN_SEVERITY_HIGH, bomb_maps,
             "do not unpack it"},
    .why = "Unpacking it exhausts memory or disk. It was given up before its end, so that what "
           "follows was not seen.",
};
static const struct redan_scan_rule damaged = {
    .card = {"ARC114", "the archive is damaged", REDAN_SEVERITY_LOW, damage_maps,
             "get the file again from its source"},
    .why = "Its end is missing. What is left was looked at.",
};

static const struct redan_scan_rule *const rules[] = {
    &names,   &flags,  &checksum, &sizes, &hidden, &directories, &duplicates, &overlap,
    &strange, &climbs, &links,    &odd,   &bomb,   &damaged,     NULL};

/* The defects of zip, tar and archive. */
static const struct verdict {
    const char *what;
    const struct redan_scan_rule *rule;
    enum redan_level level;
    const char *text;
} verdicts[] = {
    {"name-differs", &names, REDAN_LEVEL_WARN,
     "the directory and the member's own header name it differently"},
    {"flag-lies", &flags, REDAN_LEVEL_WARN,
     "said to be encrypted or patched, and readable as it is"},
    {"flags-differ", &flags, REDAN_LEVEL_WARN, "encrypted by one of its headers, not by the other"},
    {"crc-wrong", &checksum, REDAN_LEVEL_WARN, "the bytes have another checksum than is said"},
    {"crc-differs", &checksum, REDAN_LEVEL_WARN, "its two headers say different checksums"},
    {"method-differs", &sizes, REDAN_LEVEL_WARN, "its two headers say different compressions"},
    {"sizes-differ", &sizes, REDAN_LEVEL_WARN, "its two headers say different sizes"},
    {"descriptor-differs", &sizes, REDAN_LEVEL_WARN,
     "the record behind its bytes says other sizes than the directory"},
    {"stored-sizes", &sizes, REDAN_LEVEL_WARN,
     "it is not compressed, and has two sizes all the same"},
    {"unpacked-differs", &sizes, REDAN_LEVEL_WARN, "it unpacks to another size than is said"},
    {"local-missing", &sizes, REDAN_LEVEL_WARN, "the directory points to where no member is"},
    {"checksum", &sizes, REDAN_LEVEL_WARN,
     "its header's checksum is wrong: some readers stop there, others read on"},
    {"size", &sizes, REDAN_LEVEL_WARN, "its size is no number"},
    {"extended", &sizes, REDAN_LEVEL_WARN,
     "an extended header has a record that some readers do not read"},
    {"through-link", &links, REDAN_LEVEL_WARN, "it is written through a link of the archive"},
    {"orphan", &hidden, REDAN_LEVEL_WARN, "the directory does not list it"},
    {"folder-data", &hidden, REDAN_LEVEL_WARN, "named as a folder, and it has bytes"},
    {"ends", &directories, REDAN_LEVEL_WARN, "another end of the archive"},
    {"directories", &directories, REDAN_LEVEL_WARN, "another table of contents"},
    {"directory-missing", &directories, REDAN_LEVEL_WARN, "the end points to no table of contents"},
    {"directory-count", &directories, REDAN_LEVEL_WARN,
     "the end counts other members than the table of contents"},
    {"directory-size", &directories, REDAN_LEVEL_WARN,
     "the table of contents is not as long as the end says"},
    {"zip64-differs", &directories, REDAN_LEVEL_WARN,
     "its two ends, one for large archives, contradict each other"},
    {"name-duplicate", &duplicates, REDAN_LEVEL_WARN, "two members of this name"},
    {"name-case", &duplicates, REDAN_LEVEL_WARN, "two members of this name but for its case"},
    {"overlap", &overlap, REDAN_LEVEL_WARN, "it lies over another member"},
    {"prefix", &strange, REDAN_LEVEL_WARN, "bytes before the first member"},
    {"gap", &strange, REDAN_LEVEL_WARN, "bytes between the members"},
    {"trailing", &strange, REDAN_LEVEL_WARN, "bytes behind the archive's end"},
    {"name-climbs", &climbs, REDAN_LEVEL_WARN, "its name leads out of the folder"},
    {"name-absolute", &climbs, REDAN_LEVEL_WARN, "its name starts at a root or a drive"},
    {"name-nul", &odd, REDAN_LEVEL_WARN, "its name holds a NUL, where some readers end it"},
    {"name-control", &odd, REDAN_LEVEL_WARN, "its name holds control characters"},
    {"name-long", &odd, REDAN_LEVEL_WARN, "its name is longer than any path"},
    {"no-end", &damaged, REDAN_LEVEL_NOTE, "the end of the archive is missing"},
    {"comment-cut", &damaged, REDAN_LEVEL_NOTE, "the archive's comment is cut off"},
    {"cut", &damaged, REDAN_LEVEL_NOTE, "the archive is cut off"},
};

static const char *const readers[] = {"zip", "tar", "archive", NULL};

/* Archives that loading unpacks to disk: a member that climbs out of one needs nobody's mistake. */
static bool unpacked_on_load(struct redan_slice name)
{
    static const char *const endings[] = {".nemo", ".mar", ".keras"};

    for (size_t i = 0; i < REDAN_COUNT(endings); i++) {
        size_t len = strlen(endings[i]);
        if (name.len > len && strncasecmp(name.at + name.len - len, endings[i], len) == 0)
            return true;
    }
    return false;
}

/* Names that a loader asks for; for others the case of letters deceives nobody. */
static bool asked_for(struct redan_slice name)
{
    static const char *const endings[] = {".pkl", ".pickle", ".json", ".yaml", ".h5", ".npy"};

    for (size_t i = 0; i < REDAN_COUNT(endings); i++) {
        size_t len = strlen(endings[i]);
        if (name.len >= len && strncasecmp(name.at + name.len - len, endings[i], len) == 0)
            return true;
    }
    return false;
}

/* TensorFlow Lite models have their labels in an archive behind them; the model itself is read as what it is. */
static bool carries_archive(struct redan_scan *scan, const struct redan_fact *fact)
{
    struct redan_slice head = {0};

    if (strcmp(fact->what, "prefix") != 0 || fact->offset != 0)
        return false;
    if (redan_source_view(redan_scan_ctx(scan), redan_scan_source_of(scan), 0, 8, &head) !=
        REDAN_OK) {
        redan_fail_clear(redan_scan_ctx(scan));
        return false;
    }
    return head.len == 8 && memcmp(head.at + 4, "TFL3", 4) == 0;
}

static enum redan_status judge_defect(struct redan_scan *scan, const struct redan_fact *fact)
{
    if (carries_archive(scan, fact))
        return REDAN_OK;
    for (size_t i = 0; i < REDAN_COUNT(verdicts); i++) {
        const struct verdict *v = &verdicts[i];
        if (strcmp(v->what, fact->what) != 0)
            continue;
        if (v->rule == &duplicates && strcmp(v->what, "name-case") == 0 && !asked_for(fact->name))
            return REDAN_OK;
        enum redan_level level = v->level;
        if (v->rule == &climbs && unpacked_on_load(redan_scan_name_of(scan)))
            level = REDAN_LEVEL_FAIL;
        return redan_scan_found(scan, v->rule, level, fact->offset, fact->name, "%s", v->text);
    }
    return REDAN_OK;
}

static enum redan_status judge_link(struct redan_scan *scan, const struct redan_fact *fact)
{
    bool device = strcmp(fact->what, "tar-device") == 0 || strcmp(fact->what, "tar-fifo") == 0;

    if (!device && fact->number == 0)
        return REDAN_OK;
    enum redan_level level =
        unpacked_on_load(redan_scan_name_of(scan)) ? REDAN_LEVEL_FAIL : REDAN_LEVEL_WARN;
    if (device)
        return redan_scan_found(scan, &links, REDAN_LEVEL_WARN, fact->offset, fact->name,
                                "it is a device or a pipe, which no model holds");
    return redan_scan_found(scan, &links, level, fact->offset, fact->text,
                            "a link that leads out of the folder");
}

/* Of one archive: what its packed members are said to unpack to. */
struct sum {
    uint64_t unpacked;
};

static void add_member(struct redan_scan *scan, const struct redan_part *part)
{
    struct sum *sum = redan_scan_state(scan, &redan_det_archive);

    if (!sum || part->packing == REDAN_PACK_NONE || part->unpacked == REDAN_SOURCE_UNKNOWN)
        return;
    if (__builtin_add_overflow(sum->unpacked, part->unpacked, &sum->unpacked))
        sum->unpacked = UINT64_MAX;
}

static enum redan_status on_fact(struct redan_scan *scan, const struct redan_fact *fact)
{
    const struct redan_format *format = redan_scan_format_of(scan);
    bool judged = fact->kind == REDAN_FACT_DEFECT || fact->kind == REDAN_FACT_LINK;

    if (!format || (!judged && fact->kind != REDAN_FACT_MEMBER))
        return REDAN_OK;
    if (!redan_slice_among(readers, redan_slice_of(format->name)))
        return REDAN_OK;
    if (fact->kind == REDAN_FACT_MEMBER)
        add_member(scan, &fact->part);
    else if (fact->kind == REDAN_FACT_DEFECT)
        return judge_defect(scan, fact);
    return judged ? judge_link(scan, fact) : REDAN_OK;
}

static uint64_t root_size(const struct redan_source *source)
{
    while (source->parent)
        source = source->parent;
    return source->size;
}

static uint64_t times(uint64_t a, uint64_t b)
{
    uint64_t product = 0;

    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

/* What was unpacked, or what the members are said to unpack to, goes over the bound of the artefact and is many times its size. */
static enum redan_status on_end(struct redan_scan *scan)
{
    enum { MANY = 100, VERY_MANY = 200 };
    const struct redan_source *source = redan_scan_source_of(scan);
    const struct redan_limits *limits = &redan_scan_ctx(scan)->limits;
    const struct sum *sum = redan_scan_state(scan, &redan_det_archive);
    const char *said = NULL;

    if (!source)
        return REDAN_OK;
    uint64_t size = root_size(source);
    uint64_t bound = times(size, limits->unpack_ratio);
    bound = bound > UINT64_MAX - limits->unpacked ? UINT64_MAX : bound + limits->unpacked;
    bool over = source->broken && source->fault == REDAN_E_LIMIT && source->budget &&
                source->budget->left == 0;
    if (over && bound / MANY >= size)
        said = "unpacking the file was given up at more than a hundred times its size";
    else if (sum && sum->unpacked > bound && sum->unpacked / VERY_MANY >= size)
        said = "its members would unpack to more than two hundred times the size of the file";
    if (!said)
        return REDAN_OK;
    return redan_scan_found(scan, &bomb, REDAN_LEVEL_WARN, 0, redan_scan_name_of(scan), "%s", said);
}

const struct redan_detector redan_det_archive = {
    .name = "archive", .rules = rules, .fact = on_fact, .end = on_end, .state = sizeof(struct sum)};
