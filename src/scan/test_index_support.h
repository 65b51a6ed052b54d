/* For the tests of the index side: folders, files and archives made by the programs of the machine. */
#ifndef VL_SCAN_TEST_INDEX_SUPPORT_H
#define VL_SCAN_TEST_INDEX_SUPPORT_H

#include "layer_index.h"

/* A new folder below /tmp, and its removal with all in it. */
char *index_test_folder(char path[64]);
void index_test_remove(const char *folder);

/* Runs `script` by /bin/sh in `folder`; anything but exit 0 fails the test. */
void index_test_run(const char *folder, const char *script);

/* The first line that `script` prints. */
const char *index_test_ask(const char *folder, const char *script, char line[256]);

/* Opens FOLDER/NAME for reading. */
int index_test_open(const char *folder, const char *name);

/* A root with a Debian status file of two packages, an os-release and a package.json, in FOLDER/root. */
void index_test_root(const char *folder);

/* An image of four layers in the layout FOLDER/oci (base.tar.gz, empty, app.tar, empty again) and, of the
 * same, the archive FOLDER/docker.tar. `python3 image.py` makes both of the files base.tar and app.tar. */
void index_test_image(const char *folder);

const struct vl_package *index_test_find(const struct vl_layer_index *index, const char *name);
bool index_test_has_note(
    const struct vl_notes *notes, enum vl_note_kind kind, const char *object, const char *words);

/* Whether this program can start itself as an indexer and shut it in; prints why not (an emulator of another
 * machine's programs can do neither). */
bool index_test_starts_itself(void);

#endif
