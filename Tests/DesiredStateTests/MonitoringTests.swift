import DesiredState
import Testing

@Suite struct MonitoringTests {
    private static func state(_ metric: String) -> DesiredState {
        read([
            "ssot/infra/digitalocean/monitoring.yaml": """
            schema: ssot.infra.digitalocean.monitoring.v1
            alert_policies:
              web:
                droplet_name: web
                disk_utilization:\(metric)
                  warn: {threshold_pct: 80, duration_min: 5}
                  crit: {threshold_pct: 90, duration_min: 5}

            """
        ])
    }

    /// A sign too much turns the levels into a text; what they wanted must not go for that.
    @Test(arguments: [" |", " >-", " some text", " |2"]) func aMetricThatIsNoMappingHidesItsAlerts(sign: String) {
        let whole = Self.state("")
        #expect(whole.resources.count { $0.key.kind == .alertPolicy } == 2, "\(whole.faults)")
        #expect(!whole.unknown.contains { $0.extent == .kind(.alertPolicy) })
        let hidden = Self.state(sign)
        #expect(hidden.unknown.contains { $0.extent == .kind(.alertPolicy) && !$0.isAboutRemovals }, "\(hidden.faults)")
    }
}
