package io.nydus4j.blob.codec;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeCodeTest {
    @TempDir
    Path folder;

    @Test
    void onlyOldFilesOfTheLibraryAreTakenAway() throws IOException {
        Path library = Files.createFile(folder.resolve("zstd123.tmp"));
        Path other = Files.createFile(folder.resolve("lz4123.tmp"));
        Path kept = Files.createFile(folder.resolve("zstd.txt"));
        long made = Files.getLastModifiedTime(library).toMillis();
        NativeCode.removeLeftovers(folder, "zstd", made + 500_000);
        assertThat(library).exists();
        NativeCode.removeLeftovers(folder, "zstd", made + 700_000);
        assertThat(library).doesNotExist();
        assertThat(other).exists();
        assertThat(kept).exists();
    }

    @Test
    void aFolderThatIsNotThereIsNoProblem() {
        NativeCode.removeLeftovers(folder.resolve("none"), "zstd", 0);
        assertThat(folder).isEmptyDirectory();
    }
}
