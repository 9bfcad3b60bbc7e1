import Basics
import Reconciler
import Store
import Web

/// Evidence as files.
extension ConsolePages {
    /// The manifest of a run, or one of its objects by name.
    func download(_ run: String, _ name: String) async -> WebResponse {
        do {
            guard let record = try await store.run(withID: run), let link = try await store.evidence(ofRun: record.id)
            else { return .text(404, "there is no evidence of such a run\n") }
            let found: [UInt8]? =
                try name == "manifest.json"
                ? evidence.get(link.manifest) : evidence.object(name, of: link.manifest)
            guard let bytes = found else { return .text(404, "the run has no such evidence\n") }
            // The name comes from the manifest and holds nothing but letters, digits, dots and a slash.
            let file = String(name.map { $0 == "/" ? "-" : $0 })
            return WebResponse(
                status: 200,
                headers: [
                    ("Content-Type", "application/json"), ("Cache-Control", "no-store"),
                    ("X-Content-Type-Options", "nosniff"),
                    ("Content-Disposition", "attachment; filename=\"\(record.id.suffix(8))-\(file)\""),
                ], body: bytes)
        } catch let fault as any Fault {
            return .text(503, "\(fault.code): \(fault.message)\n")
        } catch {
            return .text(503, "the evidence can't be read\n")
        }
    }
}
