import DesiredState
import Testing

/// One small document with a fault, where it has to be told, and what it makes unknown.
struct FaultCase: CustomTestStringConvertible, Sendable {
    let name: String
    let file: String
    let text: String
    /// `severity code line:column`, in order.
    let faults: [String]
    let scopes: [String]
    /// Documents beside it.
    var others: [String: String] = [:]
    var listing = branches("main", "feature/a", "release/1")

    init(
        _ name: String, _ file: String, _ text: String, _ faults: [String], _ scopes: [String],
        others: [String: String] = [:]
    ) {
        self.name = name
        self.file = file
        self.text = text
        self.faults = faults
        self.scopes = scopes
        self.others = others
    }

    var testDescription: String { name }

    var state: DesiredState {
        var files = others
        files[file] = text
        return read(files, branches: listing)
    }
}

enum Paths {
    static let policies = ".odooops/policies.yaml"
    static let environments = "ssot/environments.yaml"
    static let inventory = "ssot/infra/digitalocean/inventory.yaml"
    static let policy = "ssot/infra/digitalocean/policy.yaml"
    static let index = "ssot/integrations/_index.yaml"
    static let convergence = "ssot/maintenance/convergence.yaml"
}
