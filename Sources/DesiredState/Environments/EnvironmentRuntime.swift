import Basics
import Formats

/// What an environment wants of a container engine and of a database server, as it is written.
struct EnvironmentRuntime {
    /// The engine that runs its containers.
    var engine: Text?
    /// The PostgreSQL server that holds its database, in place of a cluster of the inventory.
    var server: Text?
    /// Where the password of its role comes from.
    var password: Text?
    var containers: [Node] = []
    var networks: [Node] = []
    var volumes: [Node] = []

    init() {}

    /// Reads the keys of an entry; `pattern` reads a text, for templates with its placeholders.
    init(_ entry: Fields, text pattern: (String, Fields) -> Text? = { $1.text($0) }) {
        engine = pattern("engine", entry)
        server = pattern("database_server", entry)
        password = pattern("database_password", entry)
        containers = entry.nodes("containers") ?? []
        networks = entry.nodes("networks") ?? []
        volumes = entry.nodes("volumes") ?? []
    }

    /// Whether it wants anything of an engine.
    var needsEngine: Bool { !containers.isEmpty || !networks.isEmpty || !volumes.isEmpty }

    /// The keys of what the lists name, whether or not it can be used.
    var names: [ResourceKey] {
        [(ResourceKind.container, containers), (.containerNetwork, networks), (.containerVolume, volumes)]
            .flatMap { kind, nodes in
                nodes.compactMap { node in
                    (node["name"]?.value ?? node).scalar.map { ResourceKey(kind, $0.text) }
                }
            }
    }

    /// The same with each text as `change` gives it; keys stay as they are.
    func mapped(_ change: (String) -> String) -> EnvironmentRuntime {
        func text(_ text: Text?) -> Text? { text.map { Text(value: change($0.value), mark: $0.mark) } }
        var copy = self
        copy.engine = text(engine)
        copy.server = text(server)
        copy.password = text(password)
        copy.containers = containers.map { $0.mapped(change) }
        copy.networks = networks.map { $0.mapped(change) }
        copy.volumes = volumes.map { $0.mapped(change) }
        return copy
    }

    /// Every text below the lists, with its place.
    var texts: [(text: String, node: Node)] { (containers + networks + volumes).flatMap(\.texts) }
}

/// What the reconciler is connected to, by the names that environments use: `runtimes` of `environments.yaml`.
struct Runtimes {
    var docker: Text?
    var postgres: Text?
    /// What the engine is to have at hand before anything is made of it.
    var images: [Text] = []
    /// Why it can't be told; nil where it can.
    var fault: Cause?

    init() {}

    init(_ fields: Fields) {
        guard let entry = fields.fields("runtimes") else { return }
        docker = entry.text("docker")
        postgres = entry.text("postgres")
        images = entry.texts("images") ?? []
        if let image = images.first, docker == nil {
            entry.fail(
                .missingKey, "`runtimes` has images and no engine", at: image.mark,
                hint: "Write the engine's name as `docker`.", key: "images")
        }
        entry.allow("description", "notes")
        entry.finish()
        fault = entry.fault
    }
}

extension Node {
    /// The same with each plain or quoted text as `change` gives it.
    fileprivate func mapped(_ change: (String) -> String) -> Node {
        switch content {
        case .scalar(let scalar):
            guard case .string(let text) = scalar.value else { return self }
            let new = change(text)
            return Node(.scalar(Scalar(text: new, isPlain: false)), line: line, column: column)
        case .list(let items): return Node(.list(items.map { $0.mapped(change) }), line: line, column: column)
        case .map(let entries):
            let mapped = entries.map {
                Entry(
                    key: $0.key, keyLine: $0.keyLine, keyColumn: $0.keyColumn, value: $0.value.mapped(change),
                    duplicates: $0.duplicates)
            }
            return Node(.map(mapped), line: line, column: column)
        }
    }

    fileprivate var texts: [(text: String, node: Node)] {
        switch content {
        case .scalar(let scalar): scalar.value.stringValue.map { [($0, self)] } ?? []
        case .list(let items): items.flatMap(\.texts)
        case .map(let entries): entries.flatMap(\.value.texts)
        }
    }
}
