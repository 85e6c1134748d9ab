/* Programs: ELF, PE, Mach-O, WebAssembly, Android and Java byte code. Identified by their headers; their code is not analysed. */
#include <string.h>

#include "base/buf.h"
#include "format/format_table.h"
#include "format/llamafile.h"
#include "format/peek.h"

static const char *const defects[] = {"program-header", NULL};

static enum redan_status told(const struct redan_listener *to, const char *what,
                              struct redan_slice name, struct redan_slice text)
{
    REDAN_TRY(redan_tell(
        to,
        &(struct redan_fact){.kind = REDAN_FACT_CODE, .what = what, .name = name, .text = text}));
    return redan_tell_unread(to, REDAN_UNREAD_UNSUPPORTED, 0, 0, REDAN_S("machine code"));
}

/* What comes after the last byte that the headers speak of. */
static enum redan_status overlay(struct redan_ctx *ctx, struct redan_source *source, uint64_t end,
                                 const struct redan_listener *to)
{
    struct redan_fact fact = {.kind = REDAN_FACT_MEMBER,
                              .offset = end,
                              .name = REDAN_S("overlay"),
                              .part = {.offset = end, .unpacked = REDAN_SOURCE_UNKNOWN}};
    struct redan_slice head = {0};

    if (end == 0 || source->size == REDAN_SOURCE_UNKNOWN || end >= source->size)
        return REDAN_OK;
    fact.part.size = source->size - end;
    REDAN_TRY(redan_source_view(ctx, source, end, 64, &head));
    return redan_peek_known(head) ? redan_tell(to, &fact) : REDAN_OK;
}

/* --- ELF: System V ABI, chapter 4 --- */

struct elf {
    unsigned type;
    unsigned machine;
    uint64_t end;
    bool fits;
};

/* Numbers of the file's own size and order. */
static uint64_t number(struct redan_source_reader *in, unsigned size, bool big)
{
    switch (size) {
    case 2:
        return big ? redan_source_u16be(in) : redan_source_u16le(in);
    case 4:
        return big ? redan_source_u32be(in) : redan_source_u32le(in);
    default:
        return big ? redan_source_u64be(in) : redan_source_u64le(in);
    }
}

static void reach(struct elf *elf, uint64_t from, uint64_t size)
{
    uint64_t end = 0;

    if (!__builtin_add_overflow(from, size, &end) && end > elf->end)
        elf->end = end;
}

static enum redan_status elf_header(struct redan_ctx *ctx, struct redan_source *source,
                                    struct elf *elf)
{
    struct redan_source_reader in;
    struct redan_slice ident = {0};

    redan_source_reader_init(&in, ctx, source, 0, source->size);
    ident = redan_source_bytes(&in, 16);
    if (ident.len < 16)
        return REDAN_OK;
    bool wide = ident.at[4] == 2;
    bool big = ident.at[5] == 2;
    unsigned word = wide ? 8 : 4;
    bool known = (wide || ident.at[4] == 1) && (big || ident.at[5] == 1) && ident.at[6] == 1;
    elf->type = (unsigned)number(&in, 2, big);
    elf->machine = (unsigned)number(&in, 2, big);
    uint64_t version = number(&in, 4, big);
    (void)number(&in, word, big); /* entry */
    uint64_t segments = number(&in, word, big);
    uint64_t sections = number(&in, word, big);
    (void)number(&in, 4, big); /* flags */
    (void)number(&in, 2, big); /* size of this header */
    uint64_t segment_size = number(&in, 2, big);
    uint64_t segment_count = number(&in, 2, big);
    uint64_t section_size = number(&in, 2, big);
    uint64_t section_count = number(&in, 2, big);
    elf->fits =
        !in.failed && known && version == 1 && elf->type >= 1 && elf->type <= 4 && elf->machine;
    if (!elf->fits)
        return REDAN_OK;
    reach(elf, sections, section_size * section_count);
    reach(elf, segments, segment_size * segment_count);
    for (uint64_t i = 0; i < segment_count && !in.failed && segment_size >= (wide ? 56 : 32); i++) {
        redan_source_reader_init(&in, ctx, source, segments + i * segment_size, source->size);
        redan_source_skip(&in, wide ? 8 : 4);
        uint64_t offset = number(&in, word, big);
        redan_source_skip(&in, word * 2u);
        uint64_t size = number(&in, word, big);
        if (!in.failed)
            reach(elf, offset, size);
    }
    return REDAN_OK;
}

/* The sections lie behind the segments in a linked file; an object file has sections alone. */
static enum redan_status elf_read(struct redan_ctx *ctx, struct redan_source *source,
                                  struct redan_slice name, const struct redan_listener *to)
{
    static const char *const kinds[] = {"object", "executable", "shared library", "core dump"};
    struct elf elf = {0};
    char text[32];
    size_t len = 0;

    (void)name;
    REDAN_TRY(elf_header(ctx, source, &elf));
    if (!elf.fits) {
        REDAN_TRY(redan_tell_defect(to, "program-header", 0,
                                    REDAN_S("the magic of ELF without a header that fits")));
        return told(to, "elf", REDAN_S("broken"), (struct redan_slice){0});
    }
    struct redan_buf REDAN_DEFER(redan_buf_done) machine;
    redan_buf_init(&machine, ctx, sizeof(text));
    redan_buf_printf(&machine, "machine %u", elf.machine);
    REDAN_TRY(redan_buf_ok(ctx, &machine, "a machine's name"));
    len = redan_min_size(machine.len, sizeof(text));
    memcpy(text, machine.data, len);
    REDAN_TRY(
        told(to, "elf", redan_slice_of(kinds[elf.type - 1]), (struct redan_slice){text, len}));
    return elf.type == 1 ? REDAN_OK : overlay(ctx, source, elf.end, to);
}

static enum redan_sniff elf_sniff(const struct redan_probe *probe)
{
    return redan_slice_starts(probe->head, REDAN_S("\177ELF")) && !redan_llamafile_is(probe)
               ? REDAN_SNIFF_YES
               : REDAN_SNIFF_NO;
}

/* --- PE: Microsoft PE and COFF specification --- */

static bool pe_header(struct redan_ctx *ctx, struct redan_source *source, struct redan_slice head,
                      uint64_t *at)
{
    uint64_t offset = redan_peek_u32le(head, 60);
    struct redan_slice view = {0};
    bool is = false;

    if (!redan_slice_starts(head, REDAN_S("MZ")) || head.len < 64 || offset < 4)
        return false;
    if (redan_source_view(ctx, source, offset, 24, &view) != REDAN_OK)
        return false; /* the context holds why */
    is = redan_slice_starts(view, (struct redan_slice){"PE\0\0", 4});
    *at = offset;
    return is;
}

static enum redan_sniff pe_sniff(const struct redan_probe *probe)
{
    uint64_t at = 0;

    if (!redan_slice_starts(probe->head, REDAN_S("MZ")) || redan_llamafile_is(probe))
        return REDAN_SNIFF_NO;
    if (pe_header(probe->ctx, probe->source, probe->head, &at))
        return REDAN_SNIFF_YES;
    /* the sentence of the real-mode stub, which nothing else has a reason to hold */
    return memmem(probe->head.at, redan_min_size(probe->head.len, 1024), "in DOS mode", 11)
               ? REDAN_SNIFF_YES
               : REDAN_SNIFF_NO;
}

static enum redan_status pe_read(struct redan_ctx *ctx, struct redan_source *source,
                                 struct redan_slice name, const struct redan_listener *to)
{
    struct redan_source_reader in;
    struct redan_slice head = {0};
    uint64_t at = 0;
    uint64_t end = 0;

    (void)name;
    REDAN_TRY(redan_source_view(ctx, source, 0, 64, &head));
    if (!pe_header(ctx, source, head, &at)) {
        REDAN_TRY(redan_tell_defect(to, "program-header", 0,
                                    REDAN_S("the magic of MZ without a header that fits")));
        return told(to, "pe", REDAN_S("broken"), (struct redan_slice){0});
    }
    redan_source_reader_init(&in, ctx, source, at + 6, source->size);
    unsigned sections = redan_source_u16le(&in);
    redan_source_skip(&in, 12);
    unsigned optional = redan_source_u16le(&in);
    unsigned flags = redan_source_u16le(&in);
    redan_source_skip(&in, optional);
    for (unsigned i = 0; i < sections && !in.failed; i++) {
        redan_source_skip(&in, 16);
        uint64_t size = redan_source_u32le(&in);
        uint64_t from = redan_source_u32le(&in);
        redan_source_skip(&in, 16);
        if (!in.failed && from && from + size > end)
            end = from + size;
    }
    REDAN_TRY(told(to, "pe", flags & 0x2000 ? REDAN_S("shared library") : REDAN_S("executable"),
                   (struct redan_slice){0}));
    return overlay(ctx, source, end, to);
}

/* --- Mach-O: mach-o/loader.h, mach-o/fat.h --- */

static enum redan_sniff macho_sniff(const struct redan_probe *probe)
{
    uint32_t big = redan_peek_u32be(probe->head, 0);
    uint32_t little = redan_peek_u32le(probe->head, 0);
    uint32_t count = redan_peek_u32be(probe->head, 4);

    if (probe->head.len < 28)
        return REDAN_SNIFF_NO;
    if (big == 0xfeedface || big == 0xfeedfacf || little == 0xfeedface || little == 0xfeedfacf)
        return REDAN_SNIFF_YES;
    /* Java class files have the same magic, and a version of 45 or more there */
    return (big == 0xcafebabe || big == 0xcafebabf) && count > 0 && count < 45 ? REDAN_SNIFF_YES
                                                                               : REDAN_SNIFF_NO;
}

static enum redan_status macho_read(struct redan_ctx *ctx, struct redan_source *source,
                                    struct redan_slice name, const struct redan_listener *to)
{
    struct redan_slice head = {0};
    struct redan_slice kind = REDAN_S("executable");

    (void)name;
    REDAN_TRY(redan_source_view(ctx, source, 0, 32, &head));
    uint32_t type =
        (uint8_t)head.at[0] == 0xfe ? redan_peek_u32be(head, 12) : redan_peek_u32le(head, 12);
    if ((uint8_t)head.at[0] == 0xca)
        kind = REDAN_S("several architectures");
    else if (type == 6 || type == 8)
        kind = REDAN_S("shared library");
    return told(to, "macho", kind, (struct redan_slice){0});
}

/* --- byte code with a magic --- */

static enum redan_sniff wasm_sniff(const struct redan_probe *probe)
{
    return redan_slice_starts(probe->head, (struct redan_slice){"\0asm\1\0\0\0", 8})
               ? REDAN_SNIFF_YES
               : REDAN_SNIFF_NO;
}

static enum redan_status wasm_read(struct redan_ctx *ctx, struct redan_source *source,
                                   struct redan_slice name, const struct redan_listener *to)
{
    (void)ctx;
    (void)source;
    (void)name;
    return told(to, "wasm", REDAN_S("module"), (struct redan_slice){0});
}

static enum redan_sniff dex_sniff(const struct redan_probe *probe)
{
    return probe->head.len >= 112 && redan_slice_starts(probe->head, REDAN_S("dex\n0")) &&
                   probe->head.at[7] == 0
               ? REDAN_SNIFF_YES
               : REDAN_SNIFF_NO;
}

static enum redan_status dex_read(struct redan_ctx *ctx, struct redan_source *source,
                                  struct redan_slice name, const struct redan_listener *to)
{
    (void)ctx;
    (void)source;
    (void)name;
    return told(to, "dex", REDAN_S("classes"), (struct redan_slice){0});
}

static enum redan_sniff java_sniff(const struct redan_probe *probe)
{
    uint32_t version = redan_peek_u32be(probe->head, 4) & 0xffff;

    return probe->head.len >= 24 && redan_peek_u32be(probe->head, 0) == 0xcafebabe &&
                   version >= 45 && version < 200
               ? REDAN_SNIFF_YES
               : REDAN_SNIFF_NO;
}

static enum redan_status java_read(struct redan_ctx *ctx, struct redan_source *source,
                                   struct redan_slice name, const struct redan_listener *to)
{
    (void)ctx;
    (void)source;
    (void)name;
    return told(to, "java-class", REDAN_S("class"), (struct redan_slice){0});
}

static const char *const elf_names[] = {".so", ".elf", NULL};
static const char *const pe_names[] = {".exe", ".dll", ".pyd", ".sys", NULL};
static const char *const macho_names[] = {".dylib", NULL};
static const char *const wasm_names[] = {".wasm", NULL};
static const char *const dex_names[] = {".dex", NULL};
static const char *const java_names[] = {".class", NULL};

const struct redan_format redan_format_elf = {.name = "elf",
                                              .title = "an ELF program",
                                              .extensions = elf_names,
                                              .sniff = elf_sniff,
                                              .read = elf_read,
                                              .defects = defects,
                                              .layered = true};
const struct redan_format redan_format_pe = {.name = "pe",
                                             .title = "a Windows program",
                                             .extensions = pe_names,
                                             .sniff = pe_sniff,
                                             .read = pe_read,
                                             .defects = defects,
                                             .layered = true};
const struct redan_format redan_format_macho = {.name = "macho",
                                                .title = "a Mach-O program",
                                                .extensions = macho_names,
                                                .sniff = macho_sniff,
                                                .read = macho_read,
                                                .layered = true};
const struct redan_format redan_format_wasm = {.name = "wasm",
                                               .title = "a WebAssembly module",
                                               .extensions = wasm_names,
                                               .sniff = wasm_sniff,
                                               .read = wasm_read};
const struct redan_format redan_format_dex = {.name = "dex",
                                              .title = "Android byte code",
                                              .extensions = dex_names,
                                              .sniff = dex_sniff,
                                              .read = dex_read};
const struct redan_format redan_format_java = {.name = "java-class",
                                               .title = "a Java class",
                                               .extensions = java_names,
                                               .sniff = java_sniff,
                                               .read = java_read};
