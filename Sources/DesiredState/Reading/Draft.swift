import Basics

/// A resource under way: who owns it and whether it is protected is known only when all documents are read.
struct Draft {
    let key: ResourceKey
    var environment: String?
    let attributes: [WantedAttribute]
    let source: SourceMark
    var dependsOn: [ResourceKey]
    var isProtected = false

    init(
        _ key: ResourceKey, environment: String? = nil, _ attributes: [WantedAttribute] = [], source: SourceMark,
        dependsOn: [ResourceKey] = []
    ) {
        self.key = key
        self.environment = environment
        self.attributes = attributes
        self.source = source
        self.dependsOn = dependsOn
    }

    /// The same, which serves people at once: it doesn't go because a document lost a line.
    var protected: Draft {
        var copy = self
        copy.isProtected = true
        return copy
    }

    var resource: DesiredResource {
        DesiredResource(
            key: key, environment: environment, attributes: attributes, source: source,
            dependsOn: Set(dependsOn).sorted(), isProtected: isProtected)
    }
}
