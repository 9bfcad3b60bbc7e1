import Basics
import DesiredState
import Testing

/// What is listed of a document that nothing is wanted from.
@Suite struct ConsultedDocumentTests {
    @Test(
        arguments: [
            ("platform/surfaces.yaml", "surfaces: {}", "consulted supabase"),
            ("auth/oidc_clients.yml", "idp: {}", "consulted supabase"),
            ("runtime/vault_provisioning.yaml", "vault: {}", "consulted integrations"),
            ("plane/templates/task.yaml", "name: a", "consulted plane"),
            ("bridges/catalog.yaml", "bridges: []", "consulted gates"),
            ("parity/odoo_enterprise.yaml", "a: 1", "consulted gates"),
            ("parity/notes.yaml", "a: 1", "not_managed -"), ("platform/surfaces.yaml", "a: [", "unreadable supabase"),
            ("notes.yaml", "a: 1", "not_managed -"), ("plane/templates.yaml", "a: 1", "not_managed -"),
        ])
    func whatIsLookedIntoSaysSo(_ path: String, _ text: String, _ expected: String) {
        let state = read(["ssot/\(path)": text])
        let document = state.documents.first { $0.path == "ssot/\(path)" }
        #expect(document.map { "\($0.status.rawValue) \($0.domain ?? "-")" } == expected)
        // A slip in it is no fault of the desired state.
        #expect(!state.diagnostics.contains { $0.severity == .error } || expected.hasPrefix("unreadable"))
    }
}
