package io.nydus4j.cli.nydusctl;

import io.nydus4j.daemon.api.JsonValue;
import java.util.Map;

/** What {@code nydusctl info} prints. */
final class InfoReport {
    private static final int LABEL = 24;

    private InfoReport() {}

    /** Returns the report of a {@code DaemonInfo} document. */
    static String of(JsonValue info) {
        StringBuilder report = new StringBuilder("\n");
        JsonValue version = info.get("version");
        line(report, "Version:", version.get("package_ver"));
        line(report, "Status:", info.get("state"));
        line(report, "Profile:", version.get("profile"));
        line(report, "Commit:", version.get("git_commit"));
        if (info.get("backend_collection") instanceof JsonValue.JsonObject mounts
                && !mounts.members().isEmpty()) {
            report.append("Instances:\n");
            for (Map.Entry<String, JsonValue> mount : mounts.members().entrySet()) {
                instance(report, mount.getKey(), mount.getValue());
            }
        }
        return report.toString();
    }

    private static void line(StringBuilder report, String label, JsonValue value) {
        Columns.cell(report, label, LABEL);
        report.append(value.toJson()).append('\n');
    }

    private static void instance(StringBuilder report, String mountPoint, JsonValue mount) {
        String type = plain(mount.get("backend_type"));
        field(report, "Instance Mountpoint", mountPoint);
        field(report, "Type", type);
        field(report, "Mounted Time", time(plain(mount.get("mounted_time"))));
        if (type.equals("Rafs")) {
            JsonValue config = mount.get("config");
            JsonValue prefetch = config.get("cache").get("prefetch");
            field(report, "Mode", plain(config.get("rafs").get("mode")));
            field(report, "Prefetch", plain(prefetch.get("enable")));
            field(report, "Prefetch Merging Size", plain(prefetch.get("batch_size")));
            if (mount.get("blobs") instanceof JsonValue.JsonObject blobs) {
                blobs.members().forEach((id, state) -> field(report, "Blob " + id, plain(state)));
            }
            report.append('\n');
        }
    }

    private static void field(StringBuilder report, String label, String value) {
        report.append('\t').append(label).append(":  ").append(value).append('\n');
    }

    private static String plain(JsonValue value) {
        String text = value.text();
        return text == null ? value.toJson() : text;
    }

    /** Returns a time without the zero before the hour, as the reference prints it. */
    private static String time(String stored) {
        int hour = stored.indexOf(' ') + 1;
        return hour > 0 && hour < stored.length() && stored.charAt(hour) == '0'
                ? stored.substring(0, hour) + stored.substring(hour + 1)
                : stored;
    }
}
