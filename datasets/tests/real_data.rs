//! Every CSV file of the real data, where `FOREWARN_DATA` names its folder.

use forewarn_datasets::{Dataset, Kind, Table, data_or_skip, forewarn_data};
use std::path::{Path, PathBuf};

/// Rows, columns and missing values of each file, as pandas counts them.
const SHAPES: &[(&str, usize, usize, usize)] = &[
    ("adbench/Ionosphere.csv.gz", 351, 33, 0),
    ("adbench/WBC.csv.gz", 223, 10, 0),
    ("adbench/WPBC.csv.gz", 198, 34, 0),
    ("adbench/Wilt.csv.gz", 4_819, 6, 0),
    ("adbench/annthyroid.csv.gz", 7_200, 7, 0),
    ("adbench/breastw.csv.gz", 683, 10, 0),
    ("adbench/cardio.csv.gz", 1_831, 22, 0),
    ("adbench/celeba.csv.gz", 60_000, 40, 0),
    ("adbench/cover.csv.gz", 60_000, 11, 0),
    ("adbench/fault.csv.gz", 1_941, 28, 0),
    ("adbench/glass.csv.gz", 214, 8, 0),
    ("adbench/http.csv.gz", 60_000, 4, 0),
    ("adbench/letter.csv.gz", 1_600, 33, 0),
    ("adbench/magic.gamma.csv.gz", 19_020, 11, 0),
    ("adbench/mnist.csv.gz", 7_603, 101, 0),
    ("adbench/optdigits.csv.gz", 5_216, 65, 0),
    ("adbench/pendigits.csv.gz", 6_870, 17, 0),
    ("adbench/satellite.csv.gz", 6_435, 37, 0),
    ("adbench/shuttle.csv.gz", 49_097, 10, 0),
    ("adbench/smtp.csv.gz", 60_000, 4, 0),
    ("adbench/thyroid.csv.gz", 3_772, 7, 0),
    ("adbench/vowels.csv.gz", 1_456, 13, 0),
    ("ai4i2020.csv.gz", 10_000, 12, 0),
    ("azure_pdm_events_3h.csv.gz", 290_400, 26, 251_260),
    ("backblaze/ST4000DM000_last_day_all_q_normalised.csv.gz", 23_394, 22, 0),
    ("change_points/brent_spot.csv.gz", 500, 1, 0),
    ("change_points/centralia.csv.gz", 15, 1, 0),
    ("change_points/co2_canada.csv.gz", 215, 1, 0),
    ("change_points/debt_ireland.csv.gz", 21, 1, 0),
    ("change_points/gdp_croatia.csv.gz", 24, 1, 0),
    ("change_points/gdp_japan.csv.gz", 58, 1, 0),
    ("change_points/homeruns.csv.gz", 118, 1, 0),
    ("change_points/jfk_passengers.csv.gz", 468, 1, 0),
    ("change_points/quality_control_1.csv.gz", 313, 1, 0),
    ("change_points/quality_control_3.csv.gz", 366, 1, 0),
    ("change_points/quality_control_5.csv.gz", 325, 1, 0),
    ("change_points/shanghai_license.csv.gz", 205, 1, 0),
    ("change_points/unemployment_nl.csv.gz", 214, 1, 0),
    ("change_points/usd_isk.csv.gz", 247, 1, 0),
    ("cmapss/rul_FD001.csv.gz", 100, 1, 0),
    ("cmapss/rul_FD003.csv.gz", 100, 1, 0),
    ("cmapss/test_FD001.csv.gz", 13_096, 26, 0),
    ("cmapss/test_FD003.csv.gz", 16_596, 26, 0),
    ("cmapss/train_FD001.csv.gz", 20_631, 26, 0),
    ("cmapss/train_FD003.csv.gz", 24_720, 26, 0),
    ("hdfs_event_counts.csv.gz", 7_940, 22, 0),
    ("kpi/00_test.csv.gz", 149_526, 3, 0),
    ("kpi/00_train.csv.gz", 149_527, 3, 0),
    ("kpi/04_test.csv.gz", 149_526, 3, 0),
    ("kpi/04_train.csv.gz", 149_527, 3, 0),
    ("kpi/08_test.csv.gz", 8_928, 3, 0),
    ("kpi/08_train.csv.gz", 8_928, 3, 0),
    ("kpi/12_test.csv.gz", 149_526, 3, 0),
    ("kpi/12_train.csv.gz", 149_527, 3, 0),
    ("kpi/16_test.csv.gz", 149_526, 3, 0),
    ("kpi/16_train.csv.gz", 149_527, 3, 0),
    ("kpi/20_test.csv.gz", 12_475, 3, 0),
    ("kpi/20_train.csv.gz", 12_475, 3, 0),
    ("kpi/24_test.csv.gz", 149_526, 3, 0),
    ("kpi/24_train.csv.gz", 149_527, 3, 0),
    ("kpi/28_test.csv.gz", 131_795, 3, 0),
    ("kpi/28_train.csv.gz", 131_795, 3, 0),
    ("nab/artificialNoAnomaly/art_daily_no_noise.csv.gz", 4_032, 2, 0),
    ("nab/artificialNoAnomaly/art_daily_perfect_square_wave.csv.gz", 4_032, 2, 0),
    ("nab/artificialNoAnomaly/art_daily_small_noise.csv.gz", 4_032, 2, 0),
    ("nab/artificialNoAnomaly/art_flatline.csv.gz", 4_032, 2, 0),
    ("nab/artificialNoAnomaly/art_noisy.csv.gz", 4_032, 2, 0),
    ("nab/artificialWithAnomaly/art_daily_flatmiddle.csv.gz", 4_032, 2, 0),
    ("nab/artificialWithAnomaly/art_daily_jumpsdown.csv.gz", 4_032, 2, 0),
    ("nab/artificialWithAnomaly/art_daily_jumpsup.csv.gz", 4_032, 2, 0),
    ("nab/artificialWithAnomaly/art_daily_nojump.csv.gz", 4_032, 2, 0),
    ("nab/artificialWithAnomaly/art_increase_spike_density.csv.gz", 4_032, 2, 0),
    ("nab/artificialWithAnomaly/art_load_balancer_spikes.csv.gz", 4_032, 2, 0),
    ("nab/realAWSCloudwatch/ec2_cpu_utilization_24ae8d.csv.gz", 4_032, 2, 0),
    ("nab/realAWSCloudwatch/ec2_cpu_utilization_53ea38.csv.gz", 4_032, 2, 0),
    ("nab/realAWSCloudwatch/ec2_cpu_utilization_5f5533.csv.gz", 4_032, 2, 0),
    ("nab/realAWSCloudwatch/ec2_cpu_utilization_77c1ca.csv.gz", 4_032, 2, 0),
    ("nab/realAWSCloudwatch/ec2_cpu_utilization_825cc2.csv.gz", 4_032, 2, 0),
    ("nab/realAWSCloudwatch/ec2_cpu_utilization_ac20cd.csv.gz", 4_032, 2, 0),
    ("nab/realAWSCloudwatch/ec2_cpu_utilization_c6585a.csv.gz", 4_032, 2, 0),
    ("nab/realAWSCloudwatch/ec2_cpu_utilization_fe7f93.csv.gz", 4_032, 2, 0),
    ("nab/realAWSCloudwatch/ec2_disk_write_bytes_1ef3de.csv.gz", 4_730, 2, 0),
    ("nab/realAWSCloudwatch/ec2_disk_write_bytes_c0d644.csv.gz", 4_032, 2, 0),
    ("nab/realAWSCloudwatch/ec2_network_in_257a54.csv.gz", 4_032, 2, 0),
    ("nab/realAWSCloudwatch/ec2_network_in_5abac7.csv.gz", 4_730, 2, 0),
    ("nab/realAWSCloudwatch/elb_request_count_8c0756.csv.gz", 4_032, 2, 0),
    ("nab/realAWSCloudwatch/grok_asg_anomaly.csv.gz", 4_621, 2, 0),
    ("nab/realAWSCloudwatch/iio_us-east-1_i-a2eb1cd9_NetworkIn.csv.gz", 1_243, 2, 0),
    ("nab/realAWSCloudwatch/rds_cpu_utilization_cc0c53.csv.gz", 4_032, 2, 0),
    ("nab/realAWSCloudwatch/rds_cpu_utilization_e47b3b.csv.gz", 4_032, 2, 0),
    ("nab/realKnownCause/ambient_temperature_system_failure.csv.gz", 7_267, 2, 0),
    ("nab/realKnownCause/cpu_utilization_asg_misconfiguration.csv.gz", 18_050, 2, 0),
    ("nab/realKnownCause/ec2_request_latency_system_failure.csv.gz", 4_032, 2, 0),
    ("nab/realKnownCause/machine_temperature_system_failure.csv.gz", 22_695, 2, 0),
    ("nab/realKnownCause/nyc_taxi.csv.gz", 10_320, 2, 0),
    ("nab/realKnownCause/rogue_agent_key_hold.csv.gz", 1_882, 2, 0),
    ("nab/realKnownCause/rogue_agent_key_updown.csv.gz", 5_315, 2, 0),
    ("skab/anomaly-free/anomaly-free.csv.gz", 9_405, 9, 0),
    ("skab/other/1.csv.gz", 745, 11, 0),
    ("skab/other/10.csv.gz", 1_327, 11, 0),
    ("skab/other/11.csv.gz", 1_190, 11, 0),
    ("skab/other/12.csv.gz", 1_048, 11, 0),
    ("skab/other/13.csv.gz", 923, 11, 0),
    ("skab/other/14.csv.gz", 905, 11, 0),
    ("skab/other/2.csv.gz", 780, 11, 0),
    ("skab/other/3.csv.gz", 1_137, 11, 0),
    ("skab/other/4.csv.gz", 1_191, 11, 0),
    ("skab/other/5.csv.gz", 1_155, 11, 0),
    ("skab/other/6.csv.gz", 1_147, 11, 0),
    ("skab/other/7.csv.gz", 1_090, 11, 0),
    ("skab/other/8.csv.gz", 1_147, 11, 0),
    ("skab/other/9.csv.gz", 1_144, 11, 0),
    ("skab/valve1/0.csv.gz", 1_147, 11, 0),
    ("skab/valve1/1.csv.gz", 1_145, 11, 0),
    ("skab/valve1/10.csv.gz", 1_146, 11, 0),
    ("skab/valve1/11.csv.gz", 1_141, 11, 0),
    ("skab/valve1/12.csv.gz", 1_140, 11, 0),
    ("skab/valve1/13.csv.gz", 1_140, 11, 0),
    ("skab/valve1/14.csv.gz", 1_139, 11, 0),
    ("skab/valve1/15.csv.gz", 1_150, 11, 0),
    ("skab/valve1/2.csv.gz", 1_075, 11, 0),
    ("skab/valve1/3.csv.gz", 1_148, 11, 0),
    ("skab/valve1/4.csv.gz", 1_095, 11, 0),
    ("skab/valve1/5.csv.gz", 1_154, 11, 0),
    ("skab/valve1/6.csv.gz", 1_154, 11, 0),
    ("skab/valve1/7.csv.gz", 1_094, 11, 0),
    ("skab/valve1/8.csv.gz", 1_144, 11, 0),
    ("skab/valve1/9.csv.gz", 1_148, 11, 0),
    ("smd/machine-1-6_test.csv.gz", 23_689, 39, 0),
    ("smd/machine-1-6_train.csv.gz", 23_688, 38, 0),
    ("smd/machine-1-7_test.csv.gz", 23_697, 39, 0),
    ("smd/machine-1-7_train.csv.gz", 23_697, 38, 0),
    ("titan_gpu_lifetimes.csv.gz", 30_207, 23, 54_955),
];

fn csv_files(folder: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            csv_files(&path, found)?;
        } else if path.to_string_lossy().ends_with(".csv.gz") {
            found.push(path);
        }
    }
    Ok(())
}

fn missing(table: &Table) -> usize {
    let count = |values: &[f64]| values.iter().filter(|value| value.is_nan()).count();
    let of = |name: &str| table.timestamps(name).or_else(|_| table.codes(name)).map_or(0, count);
    table.names().iter().map(|name| of(name)).sum()
}

#[test]
fn every_known_file_has_its_shape() {
    for (name, rows, columns, holes) in SHAPES {
        let table = Table::read(data_or_skip!(name)).unwrap_or_else(|error| panic!("{error}"));
        let found = (table.n_rows(), table.names().len(), missing(&table));
        assert_eq!(found, (*rows, *columns, *holes), "{name}");
    }
}

/// Files that are not in the list above must be readable too.
#[test]
fn every_file_in_the_folder_is_read() {
    // One file that must be there stands for the folder.
    let _ = data_or_skip!("adbench/shuttle.csv.gz");
    let folder = forewarn_data().expect("set, or the test was skipped");
    let mut files = Vec::new();
    csv_files(&folder, &mut files).expect("the folder can be listed");
    assert!(!files.is_empty(), "no .csv.gz under {}", folder.display());
    for path in files {
        if let Err(error) = Table::read(&path) {
            panic!("{error}");
        }
    }
}

/// Shares of anomalies and sums as pandas computes them.
#[test]
fn values_are_those_that_other_readers_see() {
    let table = Table::read(data_or_skip!("adbench/shuttle.csv.gz")).expect("readable");
    let data = Dataset::from_table(&table, "anomaly", &[]).expect("labels");
    assert_eq!(data.name, "shuttle");
    assert_eq!(data.features.dim(), (49_097, 9));
    assert_eq!(data.labels.iter().filter(|label| **label).count(), 3_511);
    // Whole numbers: the sum is exact in any order.
    assert_eq!(data.features.sum(), 13_157_400.0);

    let path = data_or_skip!("nab/realKnownCause/machine_temperature_system_failure.csv.gz");
    let table = Table::read(path).expect("readable");
    let times = table.timestamps("timestamp").expect("times");
    assert_eq!((times[0], times[times.len() - 1]), (1_386_018_900.0, 1_392_823_500.0));
    let (names, _, _) = table.features(&[]).expect("a value");
    assert_eq!(names, ["value"]);

    let table = Table::read(data_or_skip!("ai4i2020.csv.gz")).expect("readable");
    assert_eq!(table.categories("Type").expect("categories"), ["H", "L", "M"]);
    let failures = table.labels("Machine failure").expect("labels");
    assert_eq!(failures.iter().filter(|failed| **failed).count(), 339);

    let table = Table::read(data_or_skip!("titan_gpu_lifetimes.csv.gz")).expect("readable");
    assert_eq!(table.kind("last").expect("a column"), Kind::Timestamp);
    let dead = table.labels("dead").expect("True and False");
    assert_eq!(dead.iter().filter(|dead| **dead).count(), 5_089);

    let table = Table::read(data_or_skip!("kpi/00_test.csv.gz")).expect("readable");
    assert_eq!(table.kind("timestamp").expect("a column"), Kind::Number);
}
