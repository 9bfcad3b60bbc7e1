import Basics
import Formats

/// The lists of Odoo's modules.
extension Listing {
    static let modules = Listing(
        path: "/modules", filters: [("environment", "environment"), ("standing", "standing")],
        emptyFiltered: "No module stands so. How each environment stands: odooops modules summary",
        empty: "No document wants a module, and nobody has looked what is installed.",
        columns: [
            .key("ENVIRONMENT", 8, "environment", least: 11), .key("MODULE", 9, "module", least: 20),
            Column("STANDS", 8, least: 11, standing), .text("STATE", 5, "state"), .text("VERSION", 5, "version"),
            .text("WAVE", 6, "wave"), .text("ALLOWED", 4, "permission"), .name("GATE", 2, "gate"),
            .name("REPOSITORY", 3, "repository"), .name("ORIGIN", 2, "origin"), .name("WANTED AT", 1, "wanted_at"),
            .instant("SINCE", 1, "observed_at"),
        ])

    static let moduleSummaries = Listing(
        path: "/modules/summary", filters: [("environment", "environment")],
        emptyFiltered: "Nothing is known of the modules of such an environment.",
        empty: "No document wants a module, and nobody has looked what is installed.",
        columns: [
            .key("ENVIRONMENT", 9, "environment"), Column("LOOKED", 8, least: 15, looked),
            .text("WANTED", 6, "wanted"), count("INSTALLED", 7, "installed"), count("MISSING", 7, "missing"),
            count("NOT ALLOWED", 7, "not_allowed"), count("PENDING", 7, "pending"), count("BESIDES", 3, "extra"),
            .instant("SINCE", 2, "observed_at"), .text("PROBLEM", 5, "problem", least: 24),
            .text("READ THROUGH", 1, "read_through"),
        ])

    @Sendable private static func standing(_ row: Value, _ look: Look) -> String {
        let standing = row.shown("standing")
        return switch standing {
        case "installed": look.paint.green(standing)
        case "not_allowed": look.paint.red("not allowed")
        case "missing", "pending": look.paint.yellow(standing)
        case "extra": look.paint.dim("allowed")
        default: standing
        }
    }

    @Sendable private static func looked(_ row: Value, _ look: Look) -> String {
        switch row.shown("outcome") {
        case "modules": look.paint.green("yes")
        case "not_initialised": look.paint.yellow("not initialised")
        default: look.paint.dim("not yet")
        }
    }

    /// What has not been looked at has no number.
    private static func count(_ title: String, _ importance: Int, _ standing: String) -> Column {
        Column(title, importance) { row, _ in
            row.shown("outcome") == "unknown" ? "-" : row["counts"]?.shown(standing) ?? "-"
        }
    }
}
