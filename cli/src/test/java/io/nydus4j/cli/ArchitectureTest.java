package io.nydus4j.cli;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.Location;
import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.net.URL;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds the rooms to the arrows of docs/architecture.md: in their module descriptors and in their classes. */
class ArchitectureTest {
    private static final String ROOT = "io.nydus4j.";

    /** What each room may import of the others. The command room sees all; benchmarks lie above it. */
    private static final Map<String, Set<String>> ARROWS = Map.of(
            "blob", Set.of(),
            "rafs", Set.of("blob"),
            "linux", Set.of(),
            "storage", Set.of("blob", "rafs", "linux"),
            "build", Set.of("blob", "rafs", "storage", "linux"),
            "daemon", Set.of("blob", "rafs", "storage", "linux"),
            "cli", Set.of("blob", "rafs", "storage", "build", "linux", "daemon"));

    private static final JavaClasses CLASSES =
            new ClassFileImporter().withImportOption(ArchitectureTest::isMain).importPackages("io.nydus4j");

    private static boolean isMain(Location location) {
        return !location.contains("test-classes") && !location.contains("-tests.jar");
    }

    static Stream<String> rooms() {
        return ARROWS.keySet().stream().sorted();
    }

    @ParameterizedTest
    @MethodSource("rooms")
    void roomImportsOnlyAlongItsArrows(String room) {
        String[] allowed = Stream.concat(Stream.of(room), ARROWS.get(room).stream())
                .map(name -> ROOT + name + "..")
                .toArray(String[]::new);

        noClasses()
                .that()
                .resideInAPackage(ROOT + room + "..")
                .should()
                .dependOnClassesThat(resideInAnyPackage("io.nydus4j..").and(resideOutsideOfPackages(allowed)))
                .allowEmptyShould(true)
                .check(CLASSES);
    }

    @Test
    void packagesFormNoCycles() {
        slices().matching("io.nydus4j.(**)").should().beFreeOfCycles().check(CLASSES);
    }

    @Test
    void onlyLinuxMakesNativeCalls() {
        noClasses()
                .that()
                .resideOutsideOfPackage(ROOT + "linux..")
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.lang.foreign.Linker")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.lang.foreign.SymbolLookup")
                .check(CLASSES);
    }

    @Test
    void noClassUsesUnsafe() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("sun.misc.Unsafe")
                .check(CLASSES);
    }

    @Test
    void moduleDescriptorsRequireOnlyAlongTheArrows() throws IOException {
        Map<String, Set<String>> required = new TreeMap<>();
        for (URL url : Collections.list(ArchitectureTest.class.getClassLoader().getResources("module-info.class"))) {
            try (InputStream in = url.openStream()) {
                ModuleDescriptor module = ModuleDescriptor.read(in);
                if (module.name().startsWith(ROOT)) {
                    required.put(module.name().substring(ROOT.length()), roomsRequiredBy(module));
                }
            }
        }

        assertThat(required.keySet()).as("rooms on the class path").isEqualTo(ARROWS.keySet());
        required.forEach((room, rooms) ->
                assertThat(rooms).as("rooms that %s requires", room).isSubsetOf(ARROWS.get(room)));
    }

    private static Set<String> roomsRequiredBy(ModuleDescriptor module) {
        return module.requires().stream()
                .map(ModuleDescriptor.Requires::name)
                .filter(name -> name.startsWith(ROOT))
                .map(name -> name.substring(ROOT.length()))
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
