/* replay: runs a fuzz target over the files of its corpus, as TAP; what every test run does. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return -1;
    size_t room = 1 << 20;
    size_t len = 0;
    uint8_t *data = malloc(room);
    for (size_t got; data && (got = fread(data + len, 1, room - len, f)) > 0;) {
        len += got;
        if (len == room)
            data = realloc(data, room *= 2);
    }
    fclose(f);
    if (!data)
        return -1;
    /* An exact copy, so that the address sanitizer sees a read past the end. */
    uint8_t *exact = malloc(len ? len : 1);
    for (size_t i = 0; exact && i < len; i++)
        exact[i] = data[i];
    free(data);
    if (!exact)
        return -1;
    (void)LLVMFuzzerTestOneInput(exact, len);
    free(exact);
    return 0;
}

int main(int argc, char **argv)
{
    int count = 0;
    int failed = 0;
    DIR *corpus = argc > 1 ? opendir(argv[1]) : NULL;
    if (!corpus) {
        printf("1..1\nnot ok 1 - the corpus is there\n");
        return 1;
    }
    for (struct dirent *e; (e = readdir(corpus));) {
        char path[4096];
        if (e->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", argv[1], e->d_name);
        int bad = replay(path) != 0;
        failed |= bad;
        printf("%sok %d - %s\n", bad ? "not " : "", ++count, e->d_name);
    }
    closedir(corpus);
    if (count == 0)
        printf("not ok %d - the corpus is not empty\n", ++count);
    printf("1..%d\n", count);
    return failed || count == 0;
}
