package io.nydus4j.build.chunkdict;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.nydus4j.build.chunkdict.ImageClusters.Cluster;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The choice of a dictionary, with the numbers of the reference's own tests. */
final class DictionarySelectionTest {
    private static ChunkRow row(String image, String tag, String blob, String digest, long size) {
        return new ChunkRow(image, tag, blob, digest, 0, size, size, 0, 0);
    }

    @Test
    void ordersTagsByTheirNumbers() {
        TagOrder order = new TagOrder();
        assertThat(order.compare("nydus_1.2.3", "nydus_1.2.10")).isNegative();
        assertThat(order.compare("nydus_1.2.10", "nydus_2.0")).isNegative();
        assertThat(order.compare("a1.2", "b1.2")).isZero();
    }

    @Test
    void scoresRowsByTheTagBefore() {
        List<ChunkRow> rows = new ArrayList<>();
        for (int i = 0; i < 199; i++) {
            rows.add(row("REDIS", "1.0.0" + i / 100, "BLOB" + i, "DIGEST" + (i + 1) % 2, i));
        }
        List<ChunkRow> chosen = DictionarySelection.smoothed(rows, 0.1);
        assertThat(chosen).hasSize(2);
        assertThat(chosen).extracting(ChunkRow::digest).containsExactly("DIGEST0", "DIGEST1");
        assertThat(chosen).allMatch(row -> row.tag().equals("1.0.01"));
    }

    @Test
    void measuresHowMuchTwoImagesRepeat() {
        List<ChunkRow> first = new ArrayList<>();
        List<ChunkRow> second = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            first.add(row("A", "1", "B", "D" + i % 4, 1));
            second.add(row("B", "1", "B", "D" + i % 4, 1));
        }
        ImagePoint a = new ImagePoint("A", first);
        assertThat(a.distance(new ImagePoint("B", second))).isCloseTo(0.01, within(1e-9));
    }

    @Test
    void equalImagesAreHalfApart() {
        List<ChunkRow> rows = List.of(row("A", "1", "B", "D1", 5), row("A", "1", "B", "D2", 7));
        assertThat(new ImagePoint("A", rows).distance(new ImagePoint("B", rows)))
                .isEqualTo(0.5);
    }

    /** 200 images of 10 tags of 10 rows; each hundred has its own digests. */
    private static List<ChunkRow> twoGroups() {
        List<ChunkRow> rows = new ArrayList<>();
        for (int image = 0; image < 200; image++) {
            for (int tag = 0; tag < 10; tag++) {
                for (int chunk = 0; chunk < 10; chunk++) {
                    String name = "%03d".formatted(image);
                    String digest = "D" + image / 100 + "-" + tag + "-" + chunk;
                    rows.add(row("IMAGE" + name, "1.0.%d".formatted(tag), "BLOB" + chunk, digest, 10));
                }
            }
        }
        return rows;
    }

    @Test
    void learnsFromTheOlderTags() {
        RowSplit split = RowSplit.of(twoGroups());
        assertThat(split.training()).hasSize(14_000);
        assertThat(split.test()).hasSize(6_000);
        assertThat(split.test().getFirst().tag()).isEqualTo("1.0.7");
    }

    @Test
    void findsTwoGroupsOfImages() {
        ImageClusters clusters =
                new ImageClusters(ImagePoint.of(RowSplit.of(twoGroups()).training()));
        clusters.grow(0.6);
        assertThat(clusters.clusters()).hasSize(2);
        assertThat(clusters.clusters()).allMatch(cluster -> cluster.images().size() == 100);
    }

    @Test
    void recordsSevenRounds() {
        List<List<Cluster>> rounds = DictionarySelection.imagePhase(twoGroups());
        assertThat(rounds).hasSize(7);
        assertThat(rounds.getFirst())
                .hasSize(2)
                .allMatch(cluster -> cluster.rows().size() == 70);
        assertThat(rounds.subList(1, 7)).allMatch(List::isEmpty);
    }

    @Test
    void choosesNothingFromNothing() {
        DictionarySelection selection = DictionarySelection.of(List.of());
        assertThat(selection.rows()).isEmpty();
        assertThat(selection.remainingSize()).isZero();
    }
}
