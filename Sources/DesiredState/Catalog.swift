public import Basics
internal import Formats

/// One row of `integrations/_index.yaml`.
public struct Integration: Sendable, Hashable {
    public let id: String
    /// The file that describes it, relative to the top of the repository, where it was found; else as written.
    public let file: String
    /// As written, such as `planned` or `active`.
    public let status: String
    public let category: String?
    public let vendor: String?
    /// The file with its wanted installation state; nil where none is named.
    public internal(set) var installState: String?
    public let source: SourceMark
    /// What its file says; nil where it is missing or can't be read.
    public internal(set) var detail: IntegrationDetail?
    /// Where each field is written, in the index or in its file; by the field's name.
    var marks: [String: SourceMark] = [:]

    public init(
        id: String, file: String, status: String, category: String?, vendor: String?, installState: String?,
        source: SourceMark
    ) {
        self.id = id
        self.file = file
        self.status = status
        self.category = category
        self.vendor = vendor
        self.installState = installState
        self.source = source
    }

    /// Each field that is written, with its own line; sorted by name.
    public var attributes: [WantedAttribute] {
        let fields: [(name: String, value: Value?)] = [
            ("allowed_egress", detail.map { .strings($0.egress) }),
            ("baseline_allowed", detail?.isBaselineAllowed.map { .bool($0) }),
            ("category", category.map { .string($0) }), ("display_name", detail?.displayName.map { .string($0) }),
            ("file", .string(file)), ("install_state", installState.map { .string($0) }),
            ("required_secrets", detail.map { .strings($0.requiredSecrets) }), ("status", .string(status)),
            ("vendor", vendor.map { .string($0) }),
        ]
        return fields.compactMap { name, value in
            guard let value, let mark = marks[name] else { return nil }
            return WantedAttribute(name, .literal(value), at: mark)
        }
    }
}

/// One entry of the documents that say which Odoo modules and repositories are allowed.
public struct ModuleEntry: Sendable, Hashable {
    /// Which document it stands in; the raw value is its path below a root, without the ending.
    public enum List: String, Sendable, Hashable, CaseIterable {
        /// Repositories pinned to a commit.
        case lock = "odoo/oca_lock"
        /// Repositories that are vendored, with their state.
        case repositories = "odoo/oca_repos"
        case mustHaveBase = "oca/must_have_base"
        case mustHaveAccounting = "oca/must_have_accounting"
        case parity = "odoo/parity/oca_p0_allowlist"
        case orphans = "odoo/orphan_addons_allowlist"
    }

    public let list: List
    /// The module's technical name, or the repository's name in the lists of repositories.
    public let name: String
    public let repository: String?
    /// The commit that it is pinned to, 40 hexadecimal digits.
    public let commit: String?
    public let status: String?
    /// How many modules a repository holds, as written.
    public let moduleCount: Int?
    public let source: SourceMark

    public init(
        list: List, name: String, repository: String?, commit: String?, status: String?, moduleCount: Int?,
        source: SourceMark
    ) {
        self.list = list
        self.name = name
        self.repository = repository
        self.commit = commit
        self.status = status
        self.moduleCount = moduleCount
        self.source = source
    }
}

/// Something that `maintenance/convergence.yaml` requires of an environment; unique by environment, kind and key.
public struct WantedCheck: Sendable, Hashable {
    /// As written there (`prod`); `repository` for the settings of the repository itself.
    public let environment: String
    /// The key of the check of how old a deployment may be, in hours, as the document writes it.
    public static let deployAge = "max_deploy_age_hours"
    /// The key of the check of how many commits a deployment may be behind its branch, as the document writes it.
    public static let commitsBehind = "max_commits_behind"

    /// The kind of finding when it fails: `function_missing`, `env_missing`, `vault_missing`, `dns_planned`, `gate_failed`,
    /// `deploy_behind`, `security_setting_disabled`.
    public let kind: String
    /// What is required: the function, variable, secret, name, gate or setting, or the name of a threshold.
    public let key: String
    public let source: SourceMark
    /// The threshold, in the unit that its key says; nil for what has none.
    public internal(set) var limit: Int?
    /// The Vercel project whose deployments a threshold is about; nil where none can be told.
    public internal(set) var project: String?
    /// The line of the environment that requires it, of the list that says its kind, and of its limit; by the field's name.
    var marks: [String: SourceMark] = [:]

    public init(environment: String, kind: String, key: String, source: SourceMark) {
        self.environment = environment
        self.kind = kind
        self.key = key
        self.source = source
    }

    /// Each field that is written, with its own line; sorted by name.
    public var attributes: [WantedAttribute] {
        let fields: [(name: String, value: Value?, mark: SourceMark?)] = [
            ("environment", .string(environment), marks["environment"]), ("key", .string(key), source),
            ("kind", .string(kind), marks["kind"]), ("limit", limit.map { .int(Int64($0)) }, marks["limit"]),
        ]
        return fields.compactMap { name, value, mark in
            guard let value, let mark else { return nil }
            return WantedAttribute(name, .literal(value), at: mark)
        }
    }
}

/// `thresholds` of one environment of `maintenance/convergence.yaml`.
public struct ConvergenceThresholds: Sendable, Hashable {
    public let environment: String
    public let maxDeployAgeHours: Int?
    public let maxCommitsBehind: Int?
    public let escalateAfterHours: Int?
    public let source: SourceMark

    public init(
        environment: String, maxDeployAgeHours: Int?, maxCommitsBehind: Int?, escalateAfterHours: Int?,
        source: SourceMark
    ) {
        self.environment = environment
        self.maxDeployAgeHours = maxDeployAgeHours
        self.maxCommitsBehind = maxCommitsBehind
        self.escalateAfterHours = escalateAfterHours
        self.source = source
    }
}
