import Basics
import Formats
import HTTPClient

extension CommandCall {
    /// What runs changed for environments, of one or of all.
    func listDeployments() async throws -> ClientExit {
        let connection = try connection()
        let name = try await target.isEmpty ? nil : known(target, connection)
        let exit = try await list(.deployments, query: [("environment", name)])
        if !screen.isJSON {
            let remark = "Of the latest 500 runs; the application itself is deployed by others."
            screen.remark(screen.errorPaint.dim(remark))
        }
        return exit
    }

    /// The environments of pull requests: others may be of the same tier.
    func listPreviews() async throws -> ClientExit {
        let connection = try connection()
        let all = try await rows(.previews, connection, query: [("tier", "preview")], limit: .max).rows
        let previews = all.filter { Self.isPreview($0["name"]?.stringValue ?? "") }
        let most = try arguments.has("all") ? .max : number("limit", in: 1...100_000) ?? 50
        let shown = Array(previews.prefix(most))
        if screen.isJSON {
            screen.json(.list(shown))
        } else {
            screen.print(shown.isEmpty ? Listing.previews.empty : table(.previews, shown))
        }
        if previews.count > most {
            screen.remark(screen.errorPaint.dim("\(most) of \(previews.count): --all shows all of them."))
        }
        return .done
    }

    /// `pr-7`, as the service names what shows pull request 7.
    private static func isPreview(_ name: String) -> Bool {
        guard name.hasPrefix("pr-"), let number = Int64(name.dropFirst(3)) else { return false }
        return number > 0 && name == "pr-\(number)"
    }

    /// When backups are due, and what providers hold.
    func listBackups() async throws -> ClientExit {
        let connection = try connection()
        let schedules: [Value]
        let held: (rows: [Value], hasMore: Bool)?
        if target.isEmpty {
            schedules = (try await connection.get("/schedules").data.listValue ?? []).filter { row in
                row.shown("id").hasPrefix(ServiceNames.backup)
            }
            held = try await heldBackups(connection)
        } else {
            let name = try await environment(target, connection)
            let own = try await connection.get("/databases/\(name.percentEncoded)/backups").data
            schedules = own["schedules"]?.listValue ?? []
            held = own["held"]?.listValue.map { ($0, false) }
        }
        if screen.isJSON {
            screen.json(["schedules": .list(schedules), "held": held.map { .list($0.rows) } ?? .null])
            return .done
        }
        let paint = screen.paint
        var text = paint.bold("Schedules") + "\n"
        text += schedules.isEmpty ? "No backup is due by the clock.\n" : table(.schedules, schedules)
        text += "\n" + paint.bold("Held by providers") + "\n"
        if let held {
            text += held.rows.isEmpty ? Listing.backups.empty + "\n" : table(.backups, held.rows)
        } else {
            text += "Nobody has looked yet. Ask for a pass: odooops reconcile --wait\n"
        }
        screen.print(text)
        if held?.hasMore == true {
            screen.remark(screen.errorPaint.dim("There is more: --all shows all of it, --limit N the first N."))
        }
        return .done
    }

    /// Nil where nobody has looked.
    private func heldBackups(_ connection: ServiceConnection) async throws -> (rows: [Value], hasMore: Bool)? {
        do {
            return try await rows(.backups, connection)
        } catch let fault as ClientFault where fault.code == "API-0007" {
            return nil
        }
    }

    /// The environment that is meant, asked for by name, so that one that isn't there is told from one without anything.
    private func known(_ given: String, _ connection: ServiceConnection) async throws -> String {
        let name = try await environment(given, connection)
        _ = try await connection.get("/environments/\(name.percentEncoded)")
        return name
    }
}
