/* intake: a buffer whose used bytes slide out at its front. */
#include "formats/stream/intake.h"

#include <stdlib.h>

bool intake_open(struct intake *in, struct source *below, size_t room, size_t back, struct err *err)
{
    unsigned char *buffer = malloc(back + room);
    if (!buffer) {
        err_set(err, ERR_SYSTEM, 101, "no memory");
        source_close(below);
        return false;
    }
    memset(buffer, 0, back);
    *in = (struct intake){
        .below = below, .buffer = buffer, .room = room, .back = back, .at = buffer + back};
    return true;
}

void intake_close(struct intake *in)
{
    source_close(in->below);
    free(in->buffer);
    *in = (struct intake){0};
}

/* Where the next bytes go. Slides only when little room is left: the bytes to keep may be many. */
static unsigned char *make_room(struct intake *in)
{
    size_t kept = (size_t)(in->at - in->buffer);
    if (kept > in->back && in->back + in->room - kept - in->left < in->room / 2) {
        memmove(in->buffer, in->at - in->back, in->back + in->left);
        kept = in->back;
        in->at = in->buffer + kept;
    }
    return in->buffer + kept + in->left;
}

enum pull intake_want(struct intake *in, size_t n, struct err *err)
{
    while (in->left < n) {
        if (in->ended)
            return PULL_END;
        unsigned char *into = make_room(in);
        size_t space = (size_t)(in->buffer + in->back + in->room - into);
        size_t more = 0;
        enum pull p = source_read(in->below, into, space, &more, err);
        if (p == PULL_FAILED)
            return PULL_FAILED;
        in->ended = p == PULL_END;
        if (p == PULL_OK) {
            in->left += more;
            in->read += more;
        }
    }
    return PULL_OK;
}
