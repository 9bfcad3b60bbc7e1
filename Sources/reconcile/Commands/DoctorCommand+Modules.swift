import Basics
import DesiredState
import Drivers
import HTTPClient
import PostgresDriver
import Reconciler

extension DoctorCommand {
    /// So many databases of one server are looked into.
    private static let mostModuleDatabases = 20

    /// A check for each server of `modules.servers`: whether it answers, and whether the lists of the environments whose
    /// cluster it is can be read; nothing where none is named.
    ///
    /// Addresses are looked up among the variables of `environment`. Without `desired` nobody can say which environments
    /// these are.
    static func moduleServers(
        _ configuration: Configuration, _ environment: [String: String], _ desired: DesiredState?
    ) async -> [Check] {
        guard !configuration.moduleServers.isEmpty else { return [] }
        let readers = ProviderDrivers(
            configuration, environment, time: SystemTime(), random: RandomSource.system()
        ).moduleReaders
        // One that doesn't answer costs the time of all.
        return await readers.mapBounded(limit: 8) { await check($0, desired) }
    }

    private static func check(_ reader: ModuleReader, _ desired: DesiredState?) async -> Check {
        let name = "modules of \(reader.cluster)"
        let environments = (desired?.environments ?? []).filter {
            $0.databaseCluster == reader.cluster && $0.database != nil
        }
        guard !environments.isEmpty else { return await alone(reader, name, desired) }
        var sight: ModuleReader.Sight?
        var (readable, unknown): ([String], [String]) = ([], [])
        var worst: ProviderFault?
        databases: for (index, environment) in environments.prefix(mostModuleDatabases).enumerated() {
            switch await reader.look(in: environment.database) {
            case .success(let found):
                sight = found
                var count = "not initialised"
                if case .modules(let modules) = found.census { count = modules.count.of("module") }
                readable.append("\(environment.database ?? "") \(count)")
            case .failure(let fault) where reader.isOfServer(fault):
                if worst.map(isAbsence) ?? true { worst = fault }
                unknown += environments[index...].map(\.slug)
                break databases
            case .failure(let fault):
                if worst.map(isAbsence) ?? true { worst = fault }
                unknown.append(environment.slug)
            }
        }
        var read = readable.isEmpty ? "" : "; read: \(readable.joined(separator: ", "))"
        if let worst {
            return Check(
                name: name, state: isAbsence(worst) ? .warning : .failed,
                detail: "\(worst.code): \(worst.message)\(read); not known: \(unknown.joined(separator: ", "))",
                remedy: worst.hint.map(sentence))
        }
        let rest = environments.count - readable.count
        if rest > 0 { read += ", \(rest) more not looked into" }
        let detail = place(of: reader, sight) + read
        guard sight?.isSuperuser == true else { return Check(name: name, state: .ok, detail: detail, remedy: nil) }
        return Check(
            name: name, state: .warning, detail: "\(detail); its role is a superuser, and reading needs none",
            remedy: "Make a role that may only read, with the rights of docs/providers/postgres.md: create role "
                + "odooops_reader login password 'PASSWORD'. Put its address at \(reader.reference).")
    }

    /// A database that a pass has still to make is no fault of the server's.
    private static func isAbsence(_ fault: ProviderFault) -> Bool { fault.providerCode == "3D000" }

    private static func place(of reader: ModuleReader, _ sight: ModuleReader.Sight?) -> String {
        "PostgreSQL \(sight?.version ?? "") at \(reader.server ?? "") by \(reader.reference)"
    }

    /// A server of which no environment has its database.
    private static func alone(_ reader: ModuleReader, _ name: String, _ desired: DesiredState?) async -> Check {
        let sight: ModuleReader.Sight
        switch await reader.look(in: nil) {
        case .success(let found): sight = found
        case .failure(let fault):
            return Check(
                name: name, state: .failed, detail: "\(fault.code): \(fault.message)",
                remedy: fault.hint.map(sentence))
        }
        let place = place(of: reader, sight)
        guard let desired else { return Check(name: name, state: .ok, detail: place, remedy: nil) }
        let clusters = Set(desired.environments.compactMap(\.databaseCluster)).sorted { $0.precedesByBytes($1) }
        let near = Suggestion.nearest(to: reader.cluster, in: clusters).map { "Did you mean modules.servers.\($0)? " }
        return Check(
            name: name, state: .warning,
            detail: "\(place): no environment has a database in a database_cluster of this name, so nothing is read",
            remedy: (near ?? "") + "Name it as environments.yaml does, or leave it out.")
    }

    private static func sentence(_ hint: String) -> String { hint.prefix(1).uppercased() + hint.dropFirst() }
}
