import Basics
import DesiredState
import Drivers
import Formats
import HTTPClient
import Simulator
import SimulatorKit
import VercelDriver

typealias Account = SimulatedAccount<VercelDriver>

extension SimulatedAccount<VercelDriver> {
    static var token: String { "canary-vercel-token-51" }
    static var value: String { "canary-variable-value-8c" }
    static var team: String { "team_simulated" }

    convenience init(
        _ document: Value = .null, budget: RequestBudgetConfiguration = .unlimited,
        change: (inout SimulatorOptions) -> Void = { _ in }
    ) throws {
        try self.init("vercel", token: Account.token, document, change: change) { transport, time in
            VercelDriver(
                token: Secret(Account.token), team: Account.team, baseURL: "http://vercel.test", transport: transport,
                budget: RequestBudget(budget, time: time),
                time: time, random: RandomSource(seed: 5)
            ) { reference in
                reference == .environment("API_KEY") ? Secret(Account.value) : nil
            }
        }
    }
}

/// A wanted resource.
func wanted(
    _ kind: ResourceKind, _ name: String, _ attributes: KeyValuePairs<String, Value> = [:], in project: String? = nil
) -> DesiredResource {
    .wanting(
        kind, name, attributes.map { ($0.key, $0.value) },
        dependsOn: project.map { [ResourceKey(.vercelProject, $0)] } ?? [])
}
