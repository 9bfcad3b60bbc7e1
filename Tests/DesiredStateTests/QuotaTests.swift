import Basics
import DesiredState
import TestKit
import Testing

/// What documents alone say is beyond a quota is told before any plan is made.
@Suite struct QuotaTests {
    private static let policies = """
        resource_quotas:
          production:
            workers: 8
            cpu: 2
            memory: 4Gi

        """
    private static let container = "engine: lab-engine, containers: [{name: odoo, image: \"odoo:17\", cpus: 4}]"

    /// What the entry and the override of production say, and what is told: the place, the limit's place.
    @Test(
        arguments: [
            ("workers: 8", nil, []),
            ("workers: 99", nil, ["warning ssot/environments.yaml:3, limited at .odooops/policies.yaml:3"]),
            // What an override asks for raises nothing, and its limits say nothing of workers.
            (
                "workers: 2", "environments: {live: {workers: 12, resource_limits: {cpu: 8}}}\n",
                ["warning .odooops.yaml:1, limited at .odooops/policies.yaml:3"]
            ),
            (container, nil, ["warning ssot/environments.yaml:3, limited at .odooops/policies.yaml:4"]),
            (
                container, "environments:\n  live:\n    resource_limits: {cpu: 3}\n",
                ["warning ssot/environments.yaml:3, limited at .odooops.yaml:3"]
            ),
            (container, "environments: {live: {resource_limits: {cpu: 4}}}\n", []),
        ] as [(String, String?, [String])])
    func whatIsBeyondAQuotaIsTold(_ wish: String, _ overrides: String?, _ expected: [String]) {
        var files = [
            ".odooops/policies.yaml": Self.policies,
            Paths.environments:
                "runtimes: {docker: lab-engine}\nenvironments:\n  live: {tier: production, \(wish)}\n",
        ]
        files[".odooops.yaml"] = overrides
        let state = read(files)
        func line(_ mark: SourceMark?) -> String { mark.map { "\($0.file):\($0.line)" } ?? "nowhere" }
        let told = state.diagnostics.filter { $0.code == "SSOT-0043" }.map { diagnostic in
            "\(diagnostic.severity) \(line(diagnostic.mark)), limited at \(line(diagnostic.notes.first?.mark))"
        }
        #expect(told == expected)
        let live = state.environment("live")
        #expect((live?.quotaBreach(state.policy, state.resources) == nil) == expected.isEmpty)
    }
}
