import Basics
import Formats

/// A setting of a Vercel project: the key under which a document writes it, and the attribute that it becomes.
struct VercelSetting {
    let key: String
    let attribute: String
    let mayBeNumber: Bool

    init(_ key: String, _ attribute: String? = nil, mayBeNumber: Bool = false) {
        self.key = key
        self.attribute = attribute ?? key
        self.mayBeNumber = mayBeNumber
    }

    /// Those of an entry of `vercel/projects.yaml`.
    static let ofList = [
        VercelSetting("root_directory"), VercelSetting("framework"), VercelSetting("install_command"),
        VercelSetting("node_version", mayBeNumber: true), VercelSetting("production_branch"),
    ]

    /// Those of its `build`.
    static let ofBuild = [VercelSetting("command", "build_command"), VercelSetting("output", "output_directory")]

    /// Those of a document of one project, in the words of Vercel's interface.
    static let ofDocument = [
        VercelSetting("rootDirectory", "root_directory"), VercelSetting("framework"),
        VercelSetting("installCommand", "install_command"), VercelSetting("buildCommand", "build_command"),
        VercelSetting("outputDirectory", "output_directory"), VercelSetting("nodeVersion", "node_version"),
        VercelSetting("commandForIgnoringBuildStep", "ignored_build_command"),
        VercelSetting("productionBranch", "production_branch"),
    ]

    /// The settings that a mapping writes; one that is written as empty or `null` has to be cleared at the provider.
    static func read(_ settings: [VercelSetting], _ entry: Fields) -> [WantedAttribute] {
        settings.flatMap { setting -> [WantedAttribute] in
            if let text = entry.text(setting.key, orNumber: setting.mayBeNumber) {
                return WantedAttribute.of(setting.attribute, text)
            }
            guard let mark = entry.mark(of: setting.key), entry.broken[setting.key] == nil else { return [] }
            return [cleared(setting.attribute, at: mark)]
        }
    }

    static func cleared(_ name: String, at mark: SourceMark?) -> WantedAttribute {
        WantedAttribute(name, .literal(.null), at: mark)
    }
}
