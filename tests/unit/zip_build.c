/* ZIP archives with any lie in any header, for tests of those who read them (APPNOTE 6.3.10). */
#include "zip_build.h"

#include "pack.h"
#include "test.h"

static void number(struct redan_buf *out, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        redan_buf_char(out, (char)(uint8_t)(value >> (8 * i)));
}

static uint64_t say(int64_t lie, uint64_t truth)
{
    return lie < 0 ? truth : (uint64_t)lie;
}

struct zip_build zip_build_new(void)
{
    return (struct zip_build){.count_said = -1, .size_said = -1, .offset_said = -1};
}

struct zip_member *zip_build_member(struct zip_build *zip, const char *name,
                                    struct redan_slice bytes)
{
    assert_true(zip->count < ZIP_BUILD_MEMBERS);
    struct zip_member *member = &zip->members[zip->count++];
    *member =
        (struct zip_member){.name = name, .bytes = bytes, .local = ZIP_TRUTH, .central = ZIP_TRUTH};
    return member;
}

/* What both headers have in common from the flags to the length of the name. */
static void common(struct redan_buf *out, const struct zip_member *member,
                   const struct zip_lie *lie, size_t packed, bool silent, size_t name_len)
{
    bool wide = silent && member->zip64;
    bool quiet = silent && member->streamed;

    number(out, 20, 2);
    number(out, say(lie->flags, member->streamed ? 8 : 0), 2);
    number(out, say(lie->method, member->deflated ? 8 : 0), 2);
    number(out, 0x21, 4);
    number(out, say(lie->crc, quiet ? 0 : pack_crc32(member->bytes)), 4);
    number(out, say(lie->packed, wide ? UINT32_MAX : quiet ? 0 : packed), 4);
    number(out, say(lie->unpacked, wide ? UINT32_MAX : quiet ? 0 : member->bytes.len), 4);
    number(out, name_len, 2);
}

static struct redan_slice named(const struct zip_member *member, const struct zip_lie *lie)
{
    struct redan_slice name = redan_slice_of(lie->name ? lie->name : member->name);

    if (lie->name_len)
        name.len = lie->name_len;
    return name;
}

static size_t add_local(struct redan_buf *out, const struct zip_member *member)
{
    struct redan_slice name = named(member, &member->local);
    struct redan_buf packed = {.mem = out->mem, .max = SIZE_MAX};

    if (member->deflated)
        pack_add(&packed, REDAN_PACK_DEFLATE, member->bytes);
    else
        redan_buf_slice(&packed, member->bytes);
    size_t len = packed.len;
    if (!member->absent) {
        redan_buf_text(out, "PK\3\4");
        common(out, member, &member->local, len, true, name.len);
        number(out, (member->zip64 ? 20U : 0U) + member->pad, 2);
        redan_buf_slice(out, name);
        if (member->zip64) {
            number(out, 1, 2);
            number(out, 16, 2);
            number(out, member->streamed ? 0 : member->bytes.len, 8);
            number(out, member->streamed ? 0 : len, 8);
        }
        if (member->pad) { /* as torch pads */
            redan_buf_text(out, "FB");
            number(out, member->pad - 4U, 2);
            redan_buf_repeat(out, 'Z', member->pad - 4U);
        }
        redan_buf_slice(out, redan_buf_view(&packed));
        if (member->streamed) {
            redan_buf_text(out, "PK\7\10");
            number(out, pack_crc32(member->bytes), 4);
            number(out, len + member->descriptor_lies, member->zip64 ? 8 : 4);
            number(out, member->bytes.len, member->zip64 ? 8 : 4);
        }
    }
    redan_buf_done(&packed);
    return len;
}

static void add_central(struct redan_buf *out, const struct zip_member *member, size_t packed,
                        uint64_t offset)
{
    struct redan_slice name = named(member, &member->central);

    redan_buf_text(out, "PK\1\2");
    number(out, member->made_by, 2);
    common(out, member, &member->central, packed, false, name.len);
    number(out, 0, 2 + 2 + 2 + 2);
    number(out, member->attributes, 4);
    number(out, say(member->central.offset, offset), 4);
    redan_buf_slice(out, name);
}

static void add_end(struct redan_buf *out, const struct zip_build *zip, uint64_t count,
                    uint64_t offset, uint64_t size, uint64_t base)
{
    uint64_t at64 = out->len - base;

    if (zip->zip64) {
        redan_buf_text(out, "PK\6\6");
        number(out, 44, 8);
        number(out, 45, 2);
        number(out, 45, 2);
        number(out, 0, 8);
        number(out, count - zip->zip64_lies, 8);
        number(out, count - zip->zip64_lies, 8);
        number(out, size, 8);
        number(out, offset, 8);
        redan_buf_text(out, "PK\6\7");
        number(out, 0, 4);
        number(out, at64, 8);
        number(out, 1, 4);
    }
    redan_buf_text(out, "PK\5\6");
    number(out, 0, 4);
    number(out, say(zip->count_said, count), 2);
    number(out, say(zip->count_said, count), 2);
    number(out, say(zip->size_said, size), 4);
    number(out, say(zip->offset_said, offset), 4);
    number(out, zip->comment.len, 2);
    redan_buf_slice(out, zip->comment);
}

void zip_build_add(struct redan_buf *out, const struct zip_build *zip)
{
    uint64_t offsets[ZIP_BUILD_MEMBERS] = {0};
    size_t packed[ZIP_BUILD_MEMBERS] = {0};
    uint64_t count = 0;

    redan_buf_slice(out, zip->prefix);
    uint64_t base = out->len;
    for (size_t i = 0; i < zip->count; i++) {
        redan_buf_slice(out, zip->members[i].before);
        offsets[i] = out->len - base;
        packed[i] = add_local(out, &zip->members[i]);
    }
    uint64_t offset = out->len - base;
    for (size_t i = 0; i < zip->count; i++) {
        if (!zip->members[i].hidden) {
            add_central(out, &zip->members[i], packed[i], offsets[i]);
            count++;
        }
    }
    if (!zip->no_end)
        add_end(out, zip, count, offset, out->len - base - offset, base);
    redan_buf_slice(out, zip->trailing);
    assert_int_equal(out->fail, REDAN_OK);
}
