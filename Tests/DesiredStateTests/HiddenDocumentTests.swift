import Basics
import Testing

@testable import DesiredState

/// Documents that are found by their schema and not by their path, and can't be read: they are there all the same.
@Suite struct HiddenDocumentTests {
    /// The path below a root, and a sound document.
    private static let documents: [(path: String, text: String)] = [
        (
            "ssot/infra/digitalocean/monitoring.yaml",
            "schema: ssot.infra.digitalocean.monitoring.v1\nalert_policies: {}\n"
        ),
        (Paths.policy, "# first\n\nschema: ssot.infra.digitalocean.policy.v1\nallowed_surfaces: {}\n"),
        (Paths.inventory, "droplets: []\nschema: \"ssot.infra.digitalocean.inventory.v1\"\n"),
        (Paths.environments, "schema: ssot.environments.v1\nenvironments: {lab: {tier: dev}}\n"),
        (Paths.policies, "schema: odooops.policies.v1\nlimits: {max_deletes: 3}\n"),
        ("ssot/supabase/project.yaml", "schema: ssot.supabase.project.v1\nproject: {}\n"),
        ("ssot/github/org_repos.yaml", "schema: ssot.github.org_repos.v1\nrepos: []\n"),
        ("ssot/vercel/projects.yaml", "schema: ssot.vercel.projects.v1\nprojects: []\n"),
    ]
    private static let damages: [(name: String, bytes: [UInt8])] = [
        ("an open bracket", Array("a: [\n".utf8)), ("invalid UTF-8", [0x61, 0x3A, 0x20, 0xFF, 0x0A]),
        ("a second document", Array("---\nb: 1\n".utf8)),
    ]

    private static func state(_ files: [(path: String, bytes: [UInt8])]) -> DesiredState {
        readDesiredState(
            SourceTree(
                revision: "r", files: files.map { SourceFile(path: $0.path, content: .bytes($0.bytes)) },
                branches: branches("main")))
    }

    @Test(arguments: documents, damages.indices) func oneThatIsBrokenIsUnknownAsAtItsOwnPath(
        _ document: (path: String, text: String), _ damage: Int
    ) throws {
        let broken = Array(document.text.utf8) + Self.damages[damage].bytes
        let atHome = Self.state([(document.path, broken)])
        let elsewhere = Self.state([("ssot/foo/x.yaml", broken)])
        #expect(!atHome.scopes.isEmpty)
        #expect(elsewhere.scopes == atHome.scopes, "\(elsewhere.faults)")
        #expect(elsewhere.policy.maximumDeletes == atHome.policy.maximumDeletes)
        #expect(elsewhere.documents.map(\.status) == [.unreadable])
        #expect(elsewhere.diagnostics.contains { $0.severity == .error && $0.mark?.file == "ssot/foo/x.yaml" })
        // It stands where it stood, so that nothing says that it has vanished.
        let sound = Self.state([("ssot/foo/x.yaml", Array(document.text.utf8))])
        #expect(sound.guards == elsewhere.guards && sound.guards.values.contains("ssot/foo/x.yaml"))
    }

    /// The first one wins even where it can't be read: what stood in its shadow says nothing in its place.
    @Test func anotherOneDoesNotStandInForIt() {
        let schema = "schema: ssot.infra.digitalocean.monitoring.v1\n"
        let state = read(["ssot/foo/a.yaml": schema + "a: [", "ssot/foo/b.yaml": schema + "alert_policies: {}\n"])
        #expect(state.scopes == ["kind digitalocean.alert_policy"], "\(state.faults)")
        #expect(state.documents.map(\.status) == [.unreadable, .shadowed])
        // One at its own path goes before both.
        let own = read([
            "ssot/foo/a.yaml": schema + "a: [",
            "ssot/infra/digitalocean/monitoring.yaml": schema + "alert_policies: {}\n",
        ])
        #expect(own.scopes == [], "\(own.faults)")
        #expect(own.documentsInPlace == ["infra/digitalocean/monitoring"])
        #expect(own.guards == [:])
    }

    /// Of which there are no bytes may be whatever stands nowhere, and nothing that does.
    @Test(arguments: ["ssot/foo/x.yaml", "ssot/github/org-policy.yaml", "ssot/foo/x.txt"])
    func aFileWithoutBytesMayBeWhatIsMissing(_ path: String) {
        let state = readDesiredState(
            SourceTree(
                revision: "r",
                files: [
                    SourceFile(path: path, content: .unreadable(reason: "it is a symbolic link to a.yaml")),
                    SourceFile(path: Paths.environments, text: "environments: {lab: {tier: dev}}\n"),
                    SourceFile(path: Paths.policies, text: "schema: odooops.policies.v1\n"),
                ], branches: .known([])))
        let isInDoubt = path == "ssot/foo/x.yaml"
        #expect(state.scopes.contains("kind digitalocean.droplet") == isInDoubt, "\(state.scopes)")
        #expect(state.scopes.contains("kind digitalocean.alert_policy") == isInDoubt)
        #expect(!state.scopes.contains("environments"))
        let told = state.diagnostics.filter { $0.code == "SSOT-0002" }.map(\.severity)
        // Nothing is wanted from a text, whatever it is.
        #expect(told == [path.hasSuffix(".txt") ? .warning : .error])
    }

    /// What nobody reads is listed and never an error, whatever it is.
    @Test(arguments: [
        "a: [\n", "schema: ssot.roadmap.v1\na: [\n", "a: 1\n---\nb: 2\n", "schema: 1\nb: {\n",
        "rows:\n  - schema: ssot.environments.v1\n   b: [\n",
    ]) func whatNobodyReadsIsAWarning(_ text: String) {
        let state = read(["ssot/foo/a.yaml": text])
        #expect(state.unknown.isEmpty, "\(state.unknown)")
        #expect(state.documents.map(\.status) == [.unreadable])
        #expect(
            !state.diagnostics.isEmpty && state.diagnostics.allSatisfy { $0.severity == .warning }, "\(state.faults)")
    }

    @Test(
        arguments: [
            ("schema: ssot.a.v1\n", ["ssot.a.v1"]), ("# schema: ssot.a.v1\nb: [", ["ssot.a.v1"]),
            ("schema: ssot.a.v1 # or\nschema: ssot.b.v2\n", ["ssot.a.v1", "ssot.b.v2"]),
            ("a: 1\n---\nschema_version: 'ssot.a.v10'\n", ["ssot.a.v10"]),
            ("{\n  \"schema\": \"ssot.a.v1\",\n", ["ssot.a.v1"]),
            ("  schema: ssot.a.v1\nb: 1\n", ["ssot.a.v1"]), ("schema ssot.a.v1\n", ["ssot.a.v1"]),
            ("\u{FEFF}schema: ssot.a.v1\r\nb: 1\r\n", ["ssot.a.v1"]), ("s\0c\0h\0e\0m\0a\0: \0a.v1", ["a.v1"]),
            ("a:\n  schema: ssot.a.v1\n", []), ("schemas: ssot.a.v1\n", []), ("schema: ssot.a\n", []), ("", []),
            ("schema", []),
        ] as [(String, [String])]) func theOutermostLinesNameTheSchema(_ text: String, _ schemas: [String])
    {
        #expect(NamedSchemas.find(in: Array(text.utf8)) == schemas)
    }
}
