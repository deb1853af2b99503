// Whether charts open as tables; one choice for all of them, kept on this device.
import { keep, kept } from '../case/kept';

class ChartView {
  tables = $state(kept('charts', 'pictures') === 'tables');

  toggle(): void {
    this.tables = !this.tables;
    keep('charts', this.tables ? 'tables' : 'pictures');
  }
}

/** The choice. */
export const chartView = new ChartView();
